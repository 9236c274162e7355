// The real app, deployed to an emulator by the plain CDK command.

import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { capabilities } from './capabilities.ts';
import type { Emulator } from './emulator.ts';

export interface StackOutputs {
  ApiUrl: string;
  BucketName: string;
  StagingBucketName: string;
  TableName: string;
  KeyArn: string;
  StorageKeyArn: string;
  TableStreamArn: string;
  QueueUrl: string;
  DeadLetterQueueUrl: string;
  EventBusName: string;
  AlarmTopicArn: string;
  BackupsFunction: string;
  RestoresFunction: string;
  WorkerFunction: string;
  RetentionFunction: string;
  TrailFunction: string;
  SchedulesFunction: string;
  NotifyFunction: string;
  RebuildRoleArn: string;
}

export interface Deployment {
  outputs: StackOutputs;
  /** Where the API answers, without a slash at its end. */
  apiUrl: string;
  /** Where the assembly is: templates, and the functions' bundles. */
  assembly: string;
}

/** Under which the tests find the deployment, as JSON. */
export const DEPLOYMENT_VARIABLE = 'BACKUP_DEPLOYMENT';

/** As `-c name=value`. */
export type Context = Record<string, string | number>;

/** What `-c name=value` says, as often as it stands there. Throws for anything else. */
export function readContext(args: string[]): Context {
  const { values } = parseArgs({
    args,
    options: { context: { type: 'string', short: 'c', multiple: true } },
  });
  return Object.fromEntries(
    (values.context ?? []).map((pair) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(pair) ?? [];
      if (name === undefined || value === undefined) throw new Error(`-c takes name=value, not ${pair}`);
      return [name, value];
    }),
  );
}

const ACCOUNT = '000000000000';

/** A topic that notifications may go to: a test makes it. */
export const TOLD_TOPIC_ARN = `arn:aws:sns:us-east-1:${ACCOUNT}:told`;

/** The one action that the deployment of the tests keeps off its bus. */
export const NOT_FOR_THE_BUS = 'backup.protection_changed';

/** Deploys the app, or an update of it. `remove` only when it is no longer needed: it takes the assembly along. */
export function createDeployer({ name, endpoint, env }: Emulator) {
  const folder = mkdtempSync(join(tmpdir(), 'backup-cdk-'));
  const assembly = join(folder, 'cdk.out');
  const outputsFile = join(folder, 'outputs.json');
  const command = join(process.cwd(), 'node_modules/.bin/cdk');
  const cdk = (...args: string[]) => run(command, args, env);
  const contextArgs = (context: Context) =>
    Object.entries(context).flatMap(([name, value]) => ['--context', `${name}=${value}`]);

  return {
    async bootstrap(): Promise<void> {
      // Where there is no app, none is run: what the account needs does not depend on ours.
      await run(command, ['bootstrap', `aws://${ACCOUNT}/${env.AWS_REGION}`], env, folder);
    },

    async deploy(context: Context): Promise<Deployment> {
      const how = [
        ...['--outputs-file', outputsFile],
        // Change sets of an emulator do not know what has changed.
        ...['--method=direct', '--require-approval=never', '--no-notices'],
      ];
      if (context.provisionedWriteUnits === undefined || capabilities(name).scales) {
        await cdk('deploy', '--output', assembly, ...how, ...contextArgs(context));
      } else {
        await cdk('synth', '--quiet', '--output', assembly, ...contextArgs(context));
        leaveOutScaling(assembly);
        await cdk('deploy', '--app', assembly, ...how);
      }
      const [outputs] = Object.values(
        JSON.parse(readFileSync(outputsFile, 'utf8')) as Record<string, StackOutputs>,
      );
      if (outputs === undefined) throw new Error('the stack has no outputs');
      return { outputs, apiUrl: emulatedUrl(endpoint, outputs.ApiUrl), assembly };
    },

    async destroy(context: Context): Promise<void> {
      await cdk('destroy', '--all', '--force', '--output', assembly, ...contextArgs(context));
    },

    remove(): void {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What it begins with is provisioned then, and stays. */
function leaveOutScaling(assembly: string): void {
  for (const template of globSync(join(assembly, '*.template.json'))) {
    const { Resources, ...rest } = JSON.parse(readFileSync(template, 'utf8')) as {
      Resources: Record<string, { Type: string }>;
    };
    const kept = Object.entries(Resources).filter(
      ([, { Type }]) => !Type.startsWith('AWS::ApplicationAutoScaling::'),
    );
    writeFileSync(template, JSON.stringify({ ...rest, Resources: Object.fromEntries(kept) }));
  }
}

/** The output names a host of AWS; the emulator serves the same API under a path. */
function emulatedUrl(endpoint: string, apiUrl: string): string {
  const { hostname, pathname } = new URL(apiUrl);
  return `${endpoint}/_aws/execute-api/${hostname.split('.')[0]}${pathname.replace(/\/$/, '')}`;
}

/** Resolves when the command has succeeded; rejects with what it said otherwise. */
function run(file: string, args: string[], env: Record<string, string>, cwd = process.cwd()): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd,
      env: {
        ...process.env,
        ...env,
        PATH: `${join(process.cwd(), 'node_modules/.bin')}:${process.env.PATH}`,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`cdk ${args[0]} ended with ${code}:\n${said.slice(-6000)}`));
    });
  });
}
