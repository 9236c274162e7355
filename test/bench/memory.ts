// The memory of the service while 1 GB goes in and comes out: sent and checked as streams, never held here.

import { createHash } from 'node:crypto';
import { createDump, dumpText } from './corpus.ts';
import { MB, peakMb, timed } from './measure.ts';
import type { Report } from './report.ts';
import { create, restoredChunks, startService } from './service.ts';

const PART_BYTES = 4 * MB;
const PARTS = 250;
/** Different ones; after that they come again, which gzip with its window of 32 KB does not notice. */
const PARTS_MADE = 10;
const TARGET = { most: 512, unit: 'MB resident at its peak' };

export default async function measureMemory(report: Report): Promise<void> {
  report.section('1 GB, and how much memory it takes');
  report.text('The peak of the resident set of the service (VmHWM), in a fresh process for each way.');
  const made = Array.from({ length: PARTS_MADE }, (_, seed) => dumpText(createDump(PART_BYTES, seed + 10)));
  const { bytes, sha256 } = await digestOf(source(made));
  const rows: string[][] = [];
  let service = await startService();
  let way = 'full';
  const tell = (ms: number): void => {
    const peak = peakMb(service.pid);
    report.target(`${way} of 1 GB, memory`, TARGET, peak ?? 'unknown');
    rows.push([way, (bytes / MB).toFixed(0), (ms / 1000).toFixed(1), peak?.toFixed(0) ?? 'unknown']);
  };
  try {
    const backup = await timed(() =>
      create(service.port, 'gigabyte', 'full', { bytes, source: source(made) }),
    );
    tell(backup.ms);
    service = await service.restart();
    way = 'restore';
    const restore = await timed(() => digestOf(restoredChunks(service.port, backup.value.id)));
    if (restore.value.sha256 !== sha256) throw new Error('the restored state is another');
    tell(restore.ms);
  } catch (error) {
    const { message } = error as Error;
    const reason = `refused: ${/"detail":"([^"]*?)\./.exec(message)?.[1] ?? message.slice(0, 200)}`;
    for (const missing of way === 'full' ? ['full', 'restore'] : ['restore']) {
      report.target(`${missing} of 1 GB, memory`, TARGET, reason);
    }
  } finally {
    await service.stop();
  }
  if (rows.length > 0) report.table(['', 'MB', 's', 'peak MB'], rows);
}

/** `{"parts":[...]}` */
async function* source(made: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield Buffer.from('{"parts":[');
  for (let part = 0; part < PARTS; part++) {
    if (part > 0) yield Buffer.from(',');
    yield made[part % made.length]!;
  }
  yield Buffer.from(']}');
}

async function digestOf(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
