// What a sweep on AWS costs in processor time, on the emulator: `npm run bench:sweep`. The emulator is another process, so that
// what is counted is the service, the SDK and Node alone.

import { createSystemClock } from '../../lib/aws/clock.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createService } from '../../lib/service/service.ts';
import { composeDeps } from '../aws/composed.ts';
import { startEmulator } from '../aws/emulator.ts';
import {
  createClients,
  destroyClients,
  makeBucket,
  makeBus,
  makeKey,
  makeQueue,
  makeTable,
} from '../aws/resources.ts';
import { inputOf } from '../service/world.ts';

const DAY_MS = 86_400_000;
const RESOURCES = Number(process.env.BACKUP_BENCH_SWEEP ?? 200);

const emulator = await startEmulator();
Object.assign(process.env, emulator.env);
const clients = createClients();
try {
  const { s3, dynamoDb, kms, sqs, eventBridge } = clients;
  const clock = createSystemClock();
  let aheadMs = 0;
  const composed = composeDeps(
    clients,
    { ...clock, now: () => clock.now() + aheadMs },
    {
      bucket: await makeBucket(s3),
      tableName: await makeTable(dynamoDb),
      keyArn: await makeKey(kms),
      busName: await makeBus(eventBridge),
      ...(await makeQueue(sqs)),
    },
    process.env.BACKUP_BENCH_GATHERING !== 'off',
  );
  const catalog = { ...composed.catalog, purge: async () => {} };
  const deps = {
    ...composed,
    catalog,
    options: { ...composed.options, expiryHoldMs: 0, resourcesAtOnce: 8 },
  };
  const service = createService(deps);
  const cpuOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  for (const [due, resources] of [
    [1, RESOURCES],
    [10, RESOURCES / 10],
  ] as const) {
    // Each kind twice: the first time it is compiled.
    for (const turn of ['cold', 'warm']) {
      await forEach(resources, 16, async (n) => {
        for (let one = 0; one <= due; one++) {
          const input = inputOf(`${turn}-${due}-${n}`, String(one));
          const metadata = { ...input.metadata, retentionDays: one < due ? 1 : 400 };
          await service.createBackup({ ...input, metadata }, { actor: 'bench' });
        }
      });
      const backups = due * resources;
      let done = { expired: 0, blobsRemoved: 0 };
      aheadMs += 2 * DAY_MS;
      const hiding = await cpuOf(async () => {
        const { expired } = await sweep(deps);
        done = { ...done, expired };
      });
      aheadMs += 2 * DAY_MS;
      const removing = await cpuOf(async () => {
        const { blobsRemoved } = await sweep(deps);
        done = { ...done, blobsRemoved };
      });
      if (done.expired !== backups || done.blobsRemoved !== backups) throw new Error(JSON.stringify(done));
      const each = (ms: number) => (ms / backups).toFixed(2);
      console.log(
        `${turn}: ${backups} backups, ${due} of a resource: ${each(hiding)} ms of processor time to hide one, ${each(removing)} to remove it: ${((1000 * backups) / (hiding + removing)).toFixed(0)} a second of one processor`,
      );
    }
  }
} finally {
  destroyClients(clients);
  await emulator.stop();
}

async function forEach(count: number, atOnce: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) await work(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
