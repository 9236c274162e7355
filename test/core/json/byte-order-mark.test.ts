// A byte order mark before a text is none of it, however the text is cut into chunks.

import { expect, test } from '@jest/globals';
import { readState, scanBody } from '../../../lib/core/json/body.ts';
import { KERNEL } from '../kernels.ts';

async function* cut(bytes: Uint8Array, every: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += every) yield bytes.subarray(at, at + every);
}

const READ = { bytesMax: 1000, sizeHint: 0 };
const textOf = async (bytes: Uint8Array, every: number): Promise<string> => {
  const state = await readState(KERNEL, cut(bytes, every), READ);
  return Buffer.from((state as { bytes: Uint8Array }).bytes).toString();
};

test.each([1, 2, 3, 4, 5, 100])('in chunks of %i', async (every) => {
  const json = '{"a":"\ufeff"}';
  expect(await textOf(Buffer.from(json), every)).toBe(json);
  expect(await textOf(Buffer.from(`\ufeff${json}`), every)).toBe(json);
  const body = await scanBody(KERNEL, cut(Buffer.from(`\ufeff{"x":1,"data":7}`), every), {
    stateMember: 'data',
    bodyBytesMax: 1000,
    fieldsBytesMax: 1000,
  });
  expect(body.fields).toEqual({ x: 1 });
  for (const wrong of ['\ufeff\ufeff1', '\ufeff', '1\ufeff']) {
    await expect(readState(KERNEL, cut(Buffer.from(wrong), every), READ)).rejects.toMatchObject({
      code: 'malformed_json',
    });
  }
  for (const wrong of [
    [0xef],
    [0xef, 0xbb],
    [0xef, 0xbb, 0x31],
    [0xff, 0xfe, 0x31, 0],
    [0xfe, 0xff, 0, 0x31],
  ]) {
    await expect(readState(KERNEL, cut(Buffer.from(wrong), every), READ)).rejects.toMatchObject({
      code: 'malformed_json',
    });
  }
});
