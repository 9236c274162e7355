// Cursors that say where a page ended, sealed with a key of the table's own: nobody can make one up, or take one to
// another list, and so reach what their list would not have shown.

import { createHmac, timingSafeEqual } from 'node:crypto';
import { bufferOf } from '../../core/bytes/buffer.ts';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import { CURSOR_SECRET_KEY } from './catalog-keys.ts';
import { type Item, item, textOf } from './item.ts';
import type { TableClient } from './table-client.ts';

/** What tells a list from all others. */
export type ListName = readonly string[];

export interface Cursors {
  seal(list: ListName, position: string): Promise<string>;
  /** The position. Throws PortError `not_found` for anything that `seal` did not give for this list. */
  open(list: ListName, cursor: string): Promise<string>;
}

const KEY_BYTES = 32;
const MAC_BYTES = 16;

/** All processes share one key, kept in the table; it is read once, when the first cursor is made or opened. */
export function createCursors(table: TableClient, random: Random): Cursors {
  let loading: Promise<Buffer> | undefined;

  function secret(): Promise<Buffer> {
    if (loading === undefined) {
      const attempt = loadSecret(table, random);
      loading = attempt;
      attempt.catch(() => {
        loading = undefined;
      });
    }
    return loading;
  }

  return {
    async seal(list, position) {
      const text = Buffer.from(position);
      return Buffer.concat([macOf(await secret(), list, text), text]).toString('base64url');
    },

    async open(list, cursor) {
      const bytes = Buffer.from(cursor, 'base64url');
      const text = bytes.subarray(MAC_BYTES);
      // Decoding skips what is not base64url, so only text that encodes back to itself is a cursor of ours.
      const ours =
        bytes.length > MAC_BYTES &&
        bytes.toString('base64url') === cursor &&
        timingSafeEqual(bytes.subarray(0, MAC_BYTES), macOf(await secret(), list, text));
      if (!ours) throw new PortError('not_found', 'the cursor does not belong to this list');
      return text.toString();
    },
  };
}

/** HMAC-SHA-256 (RFC 2104), cut to 128 bits, over the list and the position. */
function macOf(key: Buffer, list: ListName, position: Buffer): Buffer {
  const mac = createHmac('sha256', key)
    .update(`${JSON.stringify(list)}\n`)
    .update(position);
  return mac.digest().subarray(0, MAC_BYTES);
}

async function loadSecret(table: TableClient, random: Random): Promise<Buffer> {
  const known = await table.get(CURSOR_SECRET_KEY);
  if (known !== undefined) return secretOf(known);
  const fresh = bufferOf(random.bytes(KEY_BYTES)).toString('base64');
  await table.put(item(CURSOR_SECRET_KEY, { secret: { S: fresh } }), {
    expression: 'attribute_not_exists(pk)',
  });
  // Ours, or that of a process that was faster.
  const stored = await table.get(CURSOR_SECRET_KEY);
  if (stored === undefined) throw new PortError('unavailable', 'the key of the cursors has vanished');
  return secretOf(stored);
}

function secretOf(stored: Item): Buffer {
  const key = Buffer.from(textOf(stored, 'secret'), 'base64');
  if (key.length !== KEY_BYTES) throw new PortError('integrity', 'the key of the cursors has been changed');
  return key;
}
