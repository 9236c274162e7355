// `npm run test:aws`, `npm run test:localstack`: the real app on an emulator, from bootstrap to destroy. Deploys it, runs
// the tests that need AWS (the adapters' contracts, and the deployed stack from outside), deploys it anew over its data,
// and takes it down.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { createDynamoDbClient, createS3Client } from '../../lib/aws/calls/clients.ts';
import { TABLE } from '../../lib/aws/names/table.ts';
import { createClient, stateOf } from '../e2e/client.ts';
import { reportBundles } from './bundles.ts';
import { capabilities } from './capabilities.ts';
import { loseAndRebuild } from './disaster.ts';
import { type Emulator, startEmulator } from './emulator.ts';
import { reportLatencies } from './latency.ts';
import { allowPlainAssets, allowPlainHttp } from './plain-http.ts';
import { type SigningProxy, startSigningProxy } from './signing-proxy.ts';
import { signingKeyOf } from './sigv4.ts';
import {
  type Context,
  createDeployer,
  DEPLOYMENT_VARIABLE,
  type Deployment,
  NOT_FOR_THE_BUS,
  type StackOutputs,
  TOLD_TOPIC_ARN,
} from './stack.ts';

const STATE = '{"kept":9007199254740993}';

// MiniStack then checks what each role may do. (LocalStack takes no notice.)
process.env.AUTH = 'true';

let failed = false;
let proxy: SigningProxy | undefined;
const emulator = await startEmulator();
Object.assign(process.env, emulator.env);
/** Where nobody is named, a stack that asks for names lets nobody in. */
const auth: Context = capabilities(emulator.name).checksCallers ? {} : { auth: 'none' };
/** Thrown away afterwards, and with no day to wait for bytes to go. Sweeps come when they are called. */
const CONTEXT: Context = {
  ...{ stage: 'dev', graceSeconds: 1, retentionEveryMinutes: 1440, ...auth },
  // Sources and receivers of the tests stand on this machine, and so does the topic.
  ...{ sourcePrivateHosts: '127.0.0.1', notifyPrivateHosts: '127.0.0.1', notifyTopicArns: TOLD_TOPIC_ARN },
  busEvents: `all,-${NOT_FOR_THE_BUS}`,
};
/** Provisioned in place of on demand. */
const UNITS = { ReadCapacityUnits: 20, WriteCapacityUnits: 50 };
/** Changes the environment of every function, a rule, and how the table is charged. */
const CHANGED: Context = {
  ...{ ...CONTEXT, graceSeconds: 2, retentionEveryMinutes: 720 },
  ...(capabilities(emulator.name).updatesTables
    ? {
        provisionedWriteUnits: `${UNITS.WriteCapacityUnits}-500`,
        provisionedReadUnits: `${UNITS.ReadCapacityUnits}-500`,
      }
    : {}),
};
const deployer = createDeployer(emulator);
const cleanUp = async (): Promise<void> => {
  await proxy?.close();
  deployer.remove();
  await emulator.stop();
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cleanUp().finally(() => process.exit(1));
  });
}
try {
  await run(emulator);
} catch (error) {
  failed = true;
  say(error instanceof Error ? error.message : String(error));
} finally {
  await cleanUp();
}
say(failed ? 'AWS: FAILED' : 'AWS: passed');
process.exitCode = failed ? 1 : 0;

async function run({ endpoint, env }: Emulator): Promise<void> {
  say(`emulator at ${endpoint}`);
  await timed('bootstrap', deployer.bootstrap());
  await allowPlainAssets(endpoint);
  const deployed = await timed('deploy', deployer.deploy(CONTEXT));
  await allowPlainHttp(endpoint, deployed.outputs);
  for (const { name, kilobytes, initMs } of reportBundles(deployed.assembly)) {
    say(`  ${name}: ${kilobytes} KB, starts in ${initMs} ms`);
  }
  proxy = await startSigningProxy(deployed.apiUrl, { ...signingKeyOf(env), service: 'execute-api' });
  for (const { call, coldMs, warmMs } of await reportLatencies(proxy.url)) {
    say(`  ${call}: cold ${coldMs} ms, warm ${warmMs} ms`);
  }
  await timed('tests', runTests(deployed, proxy.url));

  // LocalStack, which knows no callers, takes only the stage that is thrown away. The drill has stacks of its own, and mostly waits.
  const drill = auth.auth === undefined ? timed('disaster', loseAndRebuild(emulator)) : undefined;
  const [outputs] = await Promise.all([change(emulator, deployed, proxy.url), drill]);

  await leaveObjects(endpoint, outputs);
  await timed('destroy', deployer.destroy(CHANGED));
  // LocalStack's free edition, in a container, has no custom resources; those that we start have.
  if (emulator.isOurs) await expectNoBuckets(endpoint, outputs);
  // Whoever answers now is not the service, and keeps to no contract of it.
  const { status } = await fetch(`${proxy.url}/health`);
  if (status < 400) throw new Error(`the API still answers ${status} after it was destroyed`);
}

/** The table, and each index. */
async function expectProvisioned(endpoint: string, TableName: string): Promise<void> {
  const dynamoDb = createDynamoDbClient({ endpoint });
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
  const { BillingModeSummary, ProvisionedThroughput, GlobalSecondaryIndexes = [] } = Table!;
  const units = [
    ProvisionedThroughput,
    ...GlobalSecondaryIndexes.map((index) => index.ProvisionedThroughput),
  ];
  const [other] = units.filter(
    (one) =>
      one?.ReadCapacityUnits !== UNITS.ReadCapacityUnits ||
      one.WriteCapacityUnits !== UNITS.WriteCapacityUnits,
  );
  if (
    BillingModeSummary?.BillingMode !== 'PROVISIONED' ||
    units.length !== TABLE.indexes.length + 1 ||
    other !== undefined
  ) {
    throw new Error(`after the change the table is ${JSON.stringify({ BillingModeSummary, units })}`);
  }
}

/** Deploys it anew over its data, which is there as before; then another takes that over. Gives the outputs of what is deployed now. */
async function change(emulator: Emulator, deployed: Deployment, url: string): Promise<StackOutputs> {
  const client = createClient(url);
  const { id } = await client.backup({ resourceId: 'kept', state: STATE });
  const { apiUrl, outputs } = await timed('deploy a change', deployer.deploy(CHANGED));
  await allowPlainHttp(emulator.endpoint, outputs);
  if (apiUrl !== deployed.apiUrl) throw new Error('the change has given the API another URL');
  if (CHANGED.provisionedWriteUnits !== undefined)
    await expectProvisioned(emulator.endpoint, outputs.TableName);
  const restored = stateOf(await client.restore(id)).toString();
  if (restored !== STATE) throw new Error(`after the change the backup is ${restored}`);
  await client.backup({ resourceId: 'kept', state: STATE, type: 'incremental' });
  if (auth.auth === undefined) await timed('take over', takeOver(emulator, outputs, id));
  return outputs;
}

/** Another stack over the stores of this one, as after a disaster: it gives back what was there, and goes on with it. */
async function takeOver({ endpoint, env }: Emulator, outputs: StackOutputs, backupId: string): Promise<void> {
  const { BucketName, StorageKeyArn, KeyArn, TableName, TableStreamArn } = outputs;
  const next = createDeployer(emulator);
  const context: Context = {
    ...{ stage: 'next', apiLogs: 'none', retentionEveryMinutes: 1440 },
    ...{ bucketName: BucketName, storageKeyArn: StorageKeyArn, keyArn: KeyArn },
    ...{ tableName: TableName, tableStreamArn: TableStreamArn },
  };
  let signed: SigningProxy | undefined;
  try {
    const { apiUrl, outputs: own } = await next.deploy(context);
    if (own.BucketName !== BucketName || own.TableName !== TableName)
      throw new Error('it has stores of its own');
    await allowPlainHttp(endpoint, own);
    signed = await startSigningProxy(apiUrl, { ...signingKeyOf(env), service: 'execute-api' });
    const client = createClient(signed.url);
    const before = stateOf(await client.restore(backupId)).toString();
    if (before !== STATE) throw new Error(`taken over the backup is ${before}`);
    const changed = STATE.replace('993', '995');
    const made = await client.backup({ resourceId: 'kept', state: changed, type: 'incremental' });
    const after = stateOf(await client.restore(made.id)).toString();
    if (after !== changed) throw new Error(`what was made after the stack was taken over is ${after}`);
  } finally {
    await signed?.close();
    next.remove();
  }
}

/** So that what is destroyed is not empty: versions and a delete marker beside what the tests have left. */
async function leaveObjects(
  endpoint: string,
  { BucketName, StagingBucketName }: StackOutputs,
): Promise<void> {
  const s3 = createS3Client({ endpoint });
  for (const Bucket of [BucketName, StagingBucketName]) {
    const body = { Bucket, Key: 'left-behind', Body: 'x' };
    await s3.send(new PutObjectCommand(body));
    await s3.send(new PutObjectCommand(body));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'left-behind' }));
    await s3.send(new PutObjectCommand({ ...body, Key: 'left behind, too' }));
  }
}

async function expectNoBuckets(
  endpoint: string,
  { BucketName, StagingBucketName }: StackOutputs,
): Promise<void> {
  const s3 = createS3Client({ endpoint });
  for (const Bucket of [BucketName, StagingBucketName]) {
    const found = await s3.send(new HeadBucketCommand({ Bucket })).catch((error: { name: string }) => error);
    if (!('name' in found) || found.name !== 'NotFound') {
      throw new Error(`the bucket ${Bucket} is still there after the stack was destroyed`);
    }
  }
}

/** Jest, on this emulator and this deployment; its output is ours. */
function runTests({ outputs, apiUrl }: Deployment, signedUrl: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const jest = join(process.cwd(), 'node_modules/jest/bin/jest.js');
    const child = spawn(process.execPath, [jest, '-c', 'jest.aws.config.mjs', ...process.argv.slice(2)], {
      env: {
        ...process.env,
        ...emulator.env,
        [DEPLOYMENT_VARIABLE]: JSON.stringify({ outputs, apiUrl, signedUrl }),
      },
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`the tests ended with ${code}`));
    });
  });
}

async function timed<T>(name: string, work: Promise<T>): Promise<T> {
  const began = performance.now();
  const done = await work;
  say(`${name}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return done;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
