// A process that puts more blobs at once than it has file handles for, and tells what became of them.

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { outcomes } from './samples.ts';

async function main(dataDir: string): Promise<void> {
  const store = openBlobStore(dataDir);
  const puts = Array.from({ length: 500 }, () =>
    store.put(randomBytes(16).toString('hex'), [randomBytes(100)]),
  );
  const results = await outcomes(puts);
  const { items } = await store.list({ limit: 1000, writtenBefore: 8_640_000_000_000_000 });
  const report = {
    ok: results.filter((result) => result === 'ok').length,
    unavailable: results.filter((result) => result === 'unavailable').length,
    listed: items.length,
    left: readdirSync(join(dataDir, 'tmp')).length,
  };
  process.stdout.write(JSON.stringify(report));
}

main(process.argv[2]!).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
