// What a state is apart from the place that it was read from: elsewhere that has another name.

import { createHash } from 'node:crypto';
import { sha256Of } from '../../core/bytes/sha256.ts';
import type { ByteSink } from '../../core/json/byte-sink.ts';
import { findValue } from '../../core/json/lookup.ts';
import { membersOf } from '../../core/json/members.ts';

/** By the format of a state, the member that names the place. */
const NAMES_OF_PLACE: Readonly<Record<string, string>> = {
  'postgresql/1': 'database',
  'dynamodb/1': 'table',
};

/** SHA-256 of all but the name of the place. */
export async function checksumOf(text: Uint8Array): Promise<string> {
  const members = [...membersOf(text)];
  const format = findValue(text, ['format']);
  const name =
    format === undefined ? undefined : NAMES_OF_PLACE[Buffer.from(format).toString().replaceAll('"', '')];
  if (members.length === 0) return sha256Of([text]);
  return sha256Of(members.filter(([member]) => member !== name).map(([, bytes]) => bytes));
}

/** Where a source writes the name: second of all. */
const BEGINNINGS = Object.entries(NAMES_OF_PLACE).map(
  ([format, name]) => new RegExp(`^\\{"format":"${format}","${name}":"(?:[^"\\\\]|\\\\.)*",`, 's'),
);
/** Enough for the longest name that a place may have, escaped. */
const BEGINNING_BYTES = 4096;

/** The same of a canonical text that is too long to be held, taken as it comes; its checksum is comparable with others of this kind alone. */
export class PlacelessHash implements ByteSink {
  length = 0;
  readonly #hash = createHash('sha256');
  #beginning: Buffer | undefined = Buffer.alloc(0);

  append(chunk: Uint8Array, from: number, to: number): void {
    this.length += to - from;
    const bytes = chunk.subarray(from, to);
    if (this.#beginning === undefined) {
      this.#hash.update(bytes);
      return;
    }
    this.#beginning = Buffer.concat([this.#beginning, bytes]);
    if (this.#beginning.length >= BEGINNING_BYTES) this.#begin();
  }

  /** A text that is only passed is not looked back at. */
  slice(): Uint8Array {
    return new Uint8Array(0);
  }

  digest(): string {
    if (this.#beginning !== undefined) this.#begin();
    return this.#hash.digest('hex');
  }

  #begin(): void {
    const beginning = this.#beginning!;
    const text = beginning.toString('latin1', 0, BEGINNING_BYTES);
    const [named = ''] = BEGINNINGS.flatMap((one) => one.exec(text)?.[0] ?? []);
    this.#hash.update(beginning.subarray(named.length));
    this.#beginning = undefined;
  }
}
