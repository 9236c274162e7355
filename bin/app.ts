// The CDK app: `npx cdk deploy -c stage=... -c auth=...`. What it can be told is in lib/infra/settings.ts.

import { resolve } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ReplicaStack } from '../lib/infra/replica.ts';
import { refuseUnknownNames } from '../lib/infra/setting-names.ts';
import { consoleOf, type Replica, readSettings, type Settings } from '../lib/infra/settings.ts';
import { BackupStack } from '../lib/infra/stack.ts';
import { buildConsole } from '../scripts/build-console.ts';

const app = new App();
const settings = settingsOf(app);
if (consoleOf(settings) !== undefined) await buildConsole();
const { CDK_DEFAULT_ACCOUNT: account, CDK_DEFAULT_REGION: region } = process.env;
const stack = new BackupStack(app, `BackupRestore-${settings.stage}`, {
  settings,
  projectRoot: resolve(import.meta.dirname, '..'),
  ...(account === undefined || region === undefined ? {} : { env: { account, region } }),
});
if (settings.replica !== undefined) addReplica(settings.replica);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();

/** Beside it, or by itself, with the credentials of its own account. */
function addReplica(replica: Replica): void {
  const owner = replica.elsewhere?.account ?? account;
  const copy = new ReplicaStack(app, `BackupRestore-${settings.stage}-replica`, {
    ...{ settings, replica },
    env: { region: replica.region, ...(owner === undefined ? {} : { account: owner }) },
  });
  if (replica.elsewhere === undefined) stack.addDependency(copy);
}

/** A wrong setting is the caller's mistake: one sentence says which, and no stack trace hides it. */
function settingsOf({ node }: App): Settings {
  try {
    refuseUnknownNames(Object.keys(node.getAllContext()));
    return readSettings((name) => node.tryGetContext(name));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(1);
  }
}
