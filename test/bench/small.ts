// Small requests: a 2 KB state backed up and restored by 16 clients at once, against a bare server with the same durable writes.

import { createDump, dumpText } from './corpus.ts';
import { load, open } from './load.ts';
import { median } from './measure.ts';
import type { Report } from './report.ts';
import { type Service, startService } from './service.ts';

const CLIENTS = 16;
const ROUND_MS = 1500;
const ROUNDS = 7;
const STATE_BYTES = 1500;

/** Measures both servers in turn, each in a process of its own. */
export default async function measureSmall(report: Report): Promise<void> {
  const state = dumpText(createDump(STATE_BYTES)).toString();
  report.section('Small requests');
  report.text(
    `A state of ${state.length} bytes, ${CLIENTS} clients on kept connections, each with a resource of its own. The bare server makes the same durable writes (test/bench/bare-server.ts says which) and proves, encrypts, validates and logs nothing.`,
  );
  const [service, bare] = await Promise.all([startService(), startService('test/bench/bare-server.ts')]);
  try {
    const backups = await inTurn(service, bare, '/backups', (client) => () => backupOf(client, state));
    const ids = await Promise.all([idsOf(service, state), idsOf(bare, state)]);
    const restores = await inTurn(service, bare, '/restore', (client, server) => () => {
      const backupId = ids[server === service ? 0 : 1]![client];
      return JSON.stringify({ backupId, targetResourceId: `copy-${client}` });
    });
    report.table(
      ['', 'service ms', 'bare ms', 'ratio', 'service wait p50 ms', 'bare wait p50 ms'],
      [
        ['backup', ...backups.cells],
        ['restore', ...restores.cells],
      ],
    );
    report.target('2 KB backup, 16 clients', { most: 2, unit: 'x bare server' }, backups.ratio);
    report.figure('2 KB restore, 16 clients', restores.ratio, 'x bare server');
  } finally {
    await Promise.all([service.stop(), bare.stop()]);
  }
}

function backupOf(client: number, state: string): string {
  return `{"resourceId":"client-${client}","type":"full","data":${state}}`;
}

async function idsOf({ port }: Service, state: string): Promise<string[]> {
  const connection = await open(port);
  const ids: string[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    const answer = await connection.post('/backups', backupOf(client, state));
    ids.push((JSON.parse(answer.toString()) as { id: string }).id);
  }
  connection.close();
  return ids;
}

async function inTurn(
  service: Service,
  bare: Service,
  path: string,
  bodyFor: (client: number, server: Service) => () => string,
) {
  const times = new Map<Service, { ms: number[]; waits: number[] }>();
  for (const server of [service, bare]) times.set(server, { ms: [], waits: [] });
  for (let round = 0; round <= ROUNDS; round++) {
    for (const server of [service, bare]) {
      const bodies = Array.from({ length: CLIENTS }, (_, client) => bodyFor(client, server));
      const body = (client: number): string => bodies[client]!();
      const done = await load({ port: server.port, clients: CLIENTS, durationMs: ROUND_MS, path, body });
      if (round === 0) continue;
      times.get(server)!.ms.push(done.msPerRequest);
      times.get(server)!.waits.push(done.medianWaitMs);
    }
  }
  const [ours, theirs] = [times.get(service)!, times.get(bare)!];
  const [ourMs, theirMs] = [median(ours.ms), median(theirs.ms)];
  const ratio = median(ours.ms.map((ms, round) => ms / theirs.ms[round]!));
  const cells = [ourMs, theirMs, ratio, median(ours.waits), median(theirs.waits)].map((value) =>
    value.toFixed(3),
  );
  return { ratio, cells };
}
