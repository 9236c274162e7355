// Hashes texts without stopping everything else for as long as that takes.

import { createHash } from 'node:crypto';
import { type Chunks, eachSlice } from './chunks.ts';

/** Lower-case hex SHA-256 of the chunks together. */
export async function sha256Of(chunks: Chunks): Promise<string> {
  const hash = createHash('sha256');
  await eachSlice(chunks, (slice) => void hash.update(slice));
  return hash.digest('hex');
}
