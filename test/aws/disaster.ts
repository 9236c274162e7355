// The drill: a deployment loses its stack and its table. A new one is deployed over the bucket and the keys that were kept, its table is
// made anew by the command of the runbook, under the role that is made for that, and everything is restored.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteTableCommand, UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { createTrailStore, storeIdOf } from '../../lib/aws/blobs/trail-store.ts';
import { createDynamoDbClient, createKmsClient, createS3Client } from '../../lib/aws/calls/clients.ts';
import { createKeyring } from '../../lib/aws/keys/keyring.ts';
import type { AuditEvent } from '../../lib/core/records/model.ts';
import { eventsIn, readSegment } from '../../lib/service/trail/write.ts';
import { type Client, createClient, stateOf } from '../e2e/client.ts';
import type { Emulator } from './emulator.ts';
import { allowPlainHttp } from './plain-http.ts';
import { startSigningProxy } from './signing-proxy.ts';
import { sign, signingKeyOf } from './sigv4.ts';
import { type Context, createDeployer, type StackOutputs } from './stack.ts';

const RESOURCES = ['orders', 'settings', 'a table/with "signs"'];
const BACKUPS_EACH = 4;
/** So long the stream gathers, and a run takes, at most: the schedule comes once a minute where the stream does not. */
const TRAIL_WAIT_MS = 90_000;

/** Throws an Error that says what was not as it should be. */
export async function loseAndRebuild(emulator: Emulator): Promise<void> {
  const lost: Context = { stage: 'lost', apiLogs: 'none', retentionEveryMinutes: 1440 };
  const states = new Map<string, string>();
  let deletedId = '';
  const old = await withStack(
    emulator,
    lost,
    async (client, outputs) => {
      for (const resourceId of RESOURCES) {
        for (let n = 1; n <= BACKUPS_EACH; n++) {
          const state = `{"number":${n},"rows":[${'{"v":"as before"},'.repeat(50)}9007199254740993]}`;
          const { id } = await client.backup({ resourceId, state, type: n === 1 ? 'full' : 'incremental' });
          states.set(id, state);
        }
      }
      deletedId = [...states.keys()][1]!;
      states.delete(deletedId);
      await client.remove(deletedId);
      await untilTrailed(emulator, outputs, ({ action }) => action === 'backup.deleted');
      return outputs;
    },
    true,
  );
  await loseTable(emulator, old.TableName);

  const { BucketName, StorageKeyArn, KeyArn } = old;
  const anew: Context = {
    ...{ stage: 'anew', apiLogs: 'none', retentionEveryMinutes: 1440 },
    ...{ bucketName: BucketName, storageKeyArn: StorageKeyArn, keyArn: KeyArn },
  };
  await withStack(emulator, anew, async (client, outputs) => {
    if (outputs.BucketName !== BucketName) throw new Error('it has a bucket of its own');
    if (outputs.TableName === old.TableName) throw new Error('it has the table that is lost');
    const refused = await client.create({ resourceId: 'orders', state: '1' });
    if (refused.status !== 503)
      throw new Error(`before it is rebuilt, a backup is answered ${refused.status}`);
    const said = await rebuild(emulator, outputs);
    process.stdout.write(said.replace(/^/gm, '  '));
    await untilTrusted(client);
    for (const [id, state] of states) {
      const restored = stateOf(await client.restore(id)).toString();
      if (restored !== state) throw new Error(`${id} gives back ${restored.slice(0, 200)}`);
    }
    const { status } = await client.send('GET', `/backups/${deletedId}`);
    if (status !== 404) throw new Error(`the deleted one is answered ${status}`);
    for (const resourceId of RESOURCES) {
      const made = await client.backup({ resourceId, state: '{"after":"all"}', type: 'incremental' });
      const after = stateOf(await client.restore(made.id)).toString();
      if (after !== '{"after":"all"}') throw new Error(`what was made afterwards is ${after}`);
    }
  });
}

/** Deploys a stack, and takes it down afterwards if it `goes`. Its stores stay in any case. */
async function withStack<T>(
  emulator: Emulator,
  context: Context,
  work: (client: Client, outputs: StackOutputs) => Promise<T>,
  goes = false,
): Promise<T> {
  const deployer = createDeployer(emulator);
  const { apiUrl, outputs } = await deployer.deploy(context);
  await allowPlainHttp(emulator.endpoint, outputs);
  const proxy = await startSigningProxy(apiUrl, { ...signingKeyOf(emulator.env), service: 'execute-api' });
  try {
    const done = await work(createClient(proxy.url), outputs);
    if (goes) {
      await unprotect(emulator, `BackupRestore-${context.stage}`);
      await deployer.destroy(context);
    }
    return done;
  } finally {
    await proxy.close();
    deployer.remove();
  }
}

/** Who takes a stack down has to say so twice. */
async function unprotect({ endpoint, env }: Emulator, stack: string): Promise<void> {
  const body = new URLSearchParams({
    Action: 'UpdateTerminationProtection',
    Version: '2010-05-15',
    StackName: stack,
    EnableTerminationProtection: 'false',
  }).toString();
  const key = { ...signingKeyOf(env), service: 'cloudformation' };
  const signed = await sign(key, 'POST', new URL(`${endpoint}/`), body);
  const headers = { ...signed, 'content-type': 'application/x-www-form-urlencoded' };
  const { status } = await fetch(`${endpoint}/`, { method: 'POST', headers, body });
  if (status !== 200) throw new Error(`the protection of ${stack} is answered ${status}`);
}

/** Until the trail tells of the last commit: the function that writes it gathers what the table's stream brings. */
async function untilTrailed(
  { endpoint }: Emulator,
  { BucketName, KeyArn }: StackOutputs,
  isLast: (event: AuditEvent) => boolean,
): Promise<void> {
  const s3 = createS3Client({ endpoint });
  const kms = createKmsClient({ endpoint });
  const store = createTrailStore({ s3, bucket: BucketName });
  const of = { store, keyring: createKeyring({ kms, keyArn: KeyArn }), storeId: storeIdOf(BucketName) };
  try {
    const until = performance.now() + TRAIL_WAIT_MS;
    for (let read = 0; ; await wait(500)) {
      const found = (await store.list()).filter((number) => number > read);
      for (const number of found) {
        const { lines } = await readSegment(of, number);
        if (lines?.flatMap(eventsIn).some(isLast)) return;
        read = number;
      }
      if (performance.now() > until) throw new Error('the trail is not written');
    }
  } finally {
    s3.destroy();
    kms.destroy();
  }
}

async function loseTable({ endpoint }: Emulator, TableName: string): Promise<void> {
  const dynamoDb = createDynamoDbClient({ endpoint });
  await dynamoDb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
  await dynamoDb.send(new DeleteTableCommand({ TableName }));
  dynamoDb.destroy();
}

/** As the runbook has it: under the role that is made for it, which is taken on by a profile. */
async function rebuild({ env }: Emulator, outputs: StackOutputs): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'backup-disaster-'));
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...others } = env;
  writeFileSync(
    join(folder, 'config'),
    `[default]\naws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n` +
      `[profile rebuild]\nrole_arn = ${outputs.RebuildRoleArn}\nsource_profile = default\n`,
  );
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _key, ...inherited } = process.env;
  try {
    return await said(
      ['bin/rebuild-aws.ts', '--bucket', outputs.BucketName, '--table', outputs.TableName].concat(
        ...['--key', outputs.KeyArn, '--work', join(folder, 'work')],
      ),
      {
        ...inherited,
        ...others,
        AWS_PROFILE: 'rebuild',
        AWS_CONFIG_FILE: join(folder, 'config'),
        AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'),
      },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function said(args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let aside = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      aside += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`the rebuild ended with ${code}:\n${out}${aside}`));
    });
  });
}

/** Each process looks once a minute whether what it did not trust is mended. */
async function untilTrusted(client: Client): Promise<void> {
  const until = performance.now() + 2 * 60_000;
  for (;;) {
    const { status, body } = await client.send('GET', '/health');
    if (status === 200) return;
    if (performance.now() > until) throw new Error(`it is still answered ${status} ${body}`);
    await wait(3000);
  }
}
