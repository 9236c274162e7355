// States as a keeper of them gives them back, and sources as a command opens them.

import { readFile } from 'node:fs/promises';
import { findValue } from '../../lib/core/json/lookup.ts';
import { parsePointer } from '../../lib/core/json/pointer.ts';
import type { GivenState, Reading, RestoreModes, Source, Sources } from '../../lib/ports/source.ts';
import { minified } from '../../lib/sources/kit/minified.ts';
import { createSecretReader } from '../../lib/sources/secrets.ts';
import { createSources } from '../../lib/sources/sources.ts';

export const ALL: RestoreModes = { create: true, update: true, delete: true };

export function openSources(env: Record<string, string> = {}): Sources {
  return createSources({
    secrets: createSecretReader({ env, readFile: (path) => readFile(path, 'utf8') }),
    privateHosts: 'any',
    folders: 'any',
  });
}

export const soon = (): AbortSignal => AbortSignal.timeout(60_000);

/** What is kept of what a source gives: its text without white space. */
export async function readAll(source: Source): Promise<{ text: string; reading: Reading }> {
  const reading = await source.read(soon());
  if (reading === 'unchanged') throw new Error('nobody has a mark yet');
  const chunks: Uint8Array[] = [];
  for await (const chunk of minified(reading.chunks)) chunks.push(chunk);
  return { text: Buffer.concat(chunks).toString(), reading };
}

/** In chunks of a size that cuts everything apart. */
export function given(text: string, chunkBytes = 1021): GivenState {
  const bytes = Buffer.from(text);
  return {
    async *chunks() {
      for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
    },
    async part(pointer) {
      return findValue(bytes, parsePointer(pointer)!);
    },
  };
}
