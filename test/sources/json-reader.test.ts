// JSON that is read as it comes is the same wherever it is cut, and what is cut off is told.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonReader } from '../../lib/sources/kit/json-reader.ts';
import { minified } from '../../lib/sources/kit/minified.ts';

async function* cut(text: string, at: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let from = 0; from < bytes.length; from += at) yield bytes.subarray(from, from + at);
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

/** An object of anything, read member by member, its containers piece by piece. */
async function readApart(text: string, at: number, batchBytes: number): Promise<unknown> {
  const reader = new JsonReader(cut(text, at));
  const found: Record<string, unknown> = {};
  for await (const name of reader.members()) {
    const first = await reader.peek();
    if (first !== 0x7b && first !== 0x5b) {
      found[name] = JSON.parse(textOf(await reader.value()));
      continue;
    }
    const pieces: [string | undefined, unknown][] = [];
    for await (const batch of reader.pieces(batchBytes))
      for (const piece of batch)
        pieces.push([piece.name && JSON.parse(textOf(piece.name)), JSON.parse(textOf(piece.value))]);
    found[name] =
      first === 0x5b ? pieces.map(([, value]) => value) : Object.fromEntries(pieces as [string, unknown][]);
  }
  return found;
}

const state = fc.dictionary(
  fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__'),
  fc.jsonValue(),
);

test('members and pieces are those of JSON.parse, however it is cut and spaced', async () => {
  await fc.assert(
    fc.asyncProperty(
      state,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 60 }),
      fc.boolean(),
      async (value, at, batch, isSpaced) => {
        const text = JSON.stringify(value, null, isSpaced ? '\t ' : undefined);
        expect(await readApart(text, at, batch)).toEqual(JSON.parse(text));
        const skipping = new JsonReader(cut(text, at));
        await skipping.skip();
        let plain = '';
        for await (const chunk of minified(cut(text, at))) plain += Buffer.from(chunk).toString('latin1');
        expect(Buffer.from(plain, 'latin1').toString()).toBe(JSON.stringify(JSON.parse(text)));
      },
    ),
  );
});

test('what is cut off, and what is none, is told', async () => {
  const text = '{"a":[1,{"b":"c"}],"d":{"e":null}}';
  for (let length = 0; length < text.length; length++)
    await expect(readApart(text.slice(0, length), 3, 1)).rejects.toMatchObject({ code: 'integrity' });
});

test('a state that is in memory whole leaves others their turn while it is gone through', async () => {
  const text = Buffer.from(
    JSON.stringify(Array.from({ length: 200_000 }, (_, id) => ({ id, v: 'x'.repeat(20) }))),
  );
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  const whole = async function* () {
    yield text;
  };
  for await (const _batch of new JsonReader(whole()).pieces(64 * 1024));
  expect(turns).toBeGreaterThan(20);
  turns = 0;
  for await (const _slice of minified(whole()));
  isOver = true;
  expect(turns).toBeGreaterThan(4);
});
