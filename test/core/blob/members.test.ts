// A piece of a blob's text that is read alone is what it is in the whole, or is refused.

import { randomBytes } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { memberAt, openMember, readMemberTable, spanOf, textAt } from '../../../lib/core/blob/members.ts';
import { bindingOf, readUnauthenticatedHeader, seal } from '../../../lib/core/blob/open.ts';
import { decodeMembers, encodeMembers } from '../../../lib/core/layout/members.ts';
import { systemRandom } from '../../../lib/random.ts';
import { chainKey, stateFields } from './fixtures.ts';

const MIB = 1024 * 1024;
const REFUSED = { code: 'integrity_error' };

async function sealed(plain: Uint8Array, isEncrypted = true) {
  const key = chainKey();
  const { chunks } = await seal({
    fields: stateFields(plain),
    plain,
    encryption: isEncrypted ? key : 'none',
    random: systemRandom,
  });
  const blob = Buffer.concat(chunks);
  const source = { bytes: blob.length, read: () => [blob] };
  const binding = bindingOf(await readUnauthenticatedHeader(blob));
  return { blob, dataKey: key.dataKey, table: () => readMemberTable(source, binding, key.dataKey) };
}

test.each([
  ['of one piece', Buffer.from('{"a":1}')],
  ['of whole pieces', Buffer.alloc(2 * MIB, 'text, text and more text; ')],
  ['of pieces and a rest, which cannot be compressed', Buffer.from(randomBytes(1_300_000).toString('hex'))],
])('each piece of a text %s', async (_, plain) => {
  const { blob, dataKey, table } = await sealed(plain);
  const found = decodeMembers(encodeMembers((await table())!));
  for (let member = 0; member <= memberAt(plain.length - 1); member++) {
    const { from, to } = spanOf(found, member);
    expect(to).toBeLessThanOrEqual(blob.length);
    const text = await openMember(found, member, Buffer.from(blob.subarray(from, to)), dataKey);
    expect(Buffer.from(text).equals(plain.subarray(textAt(member), textAt(member) + MIB))).toBe(true);
  }
});

test('bytes that are not those of the blob are refused, wherever they differ', async () => {
  const { blob, dataKey, table } = await sealed(Buffer.from(randomBytes(1_300_000).toString('hex')));
  const found = (await table())!;
  const { from, to } = spanOf(found, 1);
  for (const at of [0, 15, 16, 40, (to - from) >> 1, to - from - 1]) {
    const bytes = Buffer.from(blob.subarray(from, to));
    bytes[at]! ^= 1;
    const opened = openMember(found, 1, bytes, dataKey);
    // The rest of the first and the last block is another member's.
    const outcome = await opened.then(
      () => 'the same',
      (error: unknown) => error,
    );
    expect([expect.objectContaining(REFUSED), 'the same']).toContainEqual(outcome);
    if (at > 31 && at < to - from - 17) expect(outcome).toMatchObject(REFUSED);
  }
  for (const bytes of [
    blob.subarray(from, to - 16),
    blob.subarray(from, to - 1),
    blob.subarray(from + 16, to + 16),
  ]) {
    await expect(openMember(found, 1, Buffer.from(bytes), dataKey)).rejects.toMatchObject(REFUSED);
  }
  await expect(
    openMember(found, 1, Buffer.from(blob.subarray(from, to)), randomBytes(32)),
  ).rejects.toMatchObject(REFUSED);
});

test('a table is made of a blob that is proven, and of none that nothing proves', async () => {
  const plain = Buffer.alloc(100_000, 'text ');
  expect(await (await sealed(plain, false)).table()).toBeUndefined();
  const { blob, table } = await sealed(plain);
  blob[blob.length - 1]! ^= 1;
  await expect(table()).rejects.toMatchObject(REFUSED);
});
