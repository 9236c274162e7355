// The stored form: what it looks like, what it costs, when it is not worth it, and that nothing unsound is ever applied.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyDelta } from '../../../lib/core/delta/apply/apply.ts';
import { applyChainToBuffer } from '../../../lib/core/delta/apply/compose.ts';
import { compare, diff } from '../../../lib/core/delta/compare/diff.ts';
import { decodeDelta } from '../../../lib/core/delta/stored/decode.ts';
import { encodeDelta } from '../../../lib/core/delta/stored/encode.ts';
import { findIn } from '../../../lib/core/delta/stored/script.ts';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { KERNEL } from '../kernels.ts';
import { textOf } from './states.ts';

/** The other way in which a delta is applied: along a chain, here of one. */
const applyWhole = (base: Uint8Array, delta: Uint8Array): Uint8Array => applyChainToBuffer(base, [delta]);

const anyway = { paysRatio: Number.POSITIVE_INFINITY };

function stored(base: string, target: string): Buffer {
  return Buffer.concat(encodeDelta(diff(KERNEL, textOf(base), textOf(target), anyway)!));
}

const base = '{"name":"a state","list":[1,2,3,4,5,6,7,8,9],"more":"something that stays as it is"}';
const target = '{"name":"the state","list":[1,2,3,4,5,6,7,8,9],"more":"something that stays as it is","x":1}';

describe('the stored form', () => {
  test('is a few columns behind hashes, sizes and counts', () => {
    const hash = (text: string): string => textOf(text).checksum;
    expect(stored(base, target).toString('latin1')).toBe(
      // Format, hashes, sizes, counts; no anchor.
      Buffer.from(`02${hash(base)}${hash(target)}545c0101000000`, 'hex').toString('latin1') +
        // Two copies, in line; behind 0 and 1 skipped bytes (signed: 0, 2), 9 and 73 bytes; no steps, no detours.
        '\x02\x04\0\0\x01\x04\0\x02\x01\x04\x09\x49\0\0\0\0' +
        // Literals of 0, 3 and 7 bytes, as they come.
        '\x01\x06\0\x03\x07\0\x14the,"x":1}',
    );
  });

  test('says what it is, and its sizes, to whoever reads it', () => {
    const { header } = decodeDelta(stored(base, target));
    expect(header).toEqual({
      base: textOf(base).checksum,
      baseBytes: base.length,
      target: textOf(target).checksum,
      targetBytes: target.length,
      counts: { additions: 1, changes: 1, deletions: 0, moves: 0 },
    });
  });

  test('copies what has moved from where it was', () => {
    const row = (id: number): string => `{"id":${id},"text":"${'some text '.repeat(20)}"}`;
    const delta = stored(`[${[1, 2, 3].map(row)}]`, `[${[3, 1, 2].map(row)}]`);
    expect(delta.length).toBeLessThan(400);
    expect(decodeDelta(delta).header.counts).toEqual({ additions: 0, changes: 0, deletions: 0, moves: 1 });
  });

  test('copies a member that was renamed, although it is told as deleted and added', () => {
    const rows = (changed: number): string =>
      `[${Array.from({ length: 200 }, (_, k) => `{"id":${k},"v":${k === changed ? -1 : k * 31}}`)}]`;
    const state = (name: string, changed: number): string =>
      `{"a":1,"${name}":${rows(changed)},"z":${rows(7)}}`;
    const delta = stored(state('users', 50), state('people', 120));
    expect(delta.length).toBeLessThan(500);
    expect(decodeDelta(delta).header.counts).toEqual({ additions: 1, changes: 0, deletions: 1, moves: 0 });
  });

  test('holds only the bytes in which a value differs', () => {
    const long = 'a long text that goes on for some time '.repeat(10);
    const literalsOf = (from: string, to: string): string =>
      decodeDelta(stored(from, to))
        .resolve(findIn(Buffer.from(from)))
        .literals.toString();
    expect(literalsOf(`{"k":1,"t":"${long}x${long}"}`, `{"k":1,"t":"${long}y${long}"}`)).toBe('y');
    expect(literalsOf(`["${long}"]`, `["${long}more"]`)).toBe('more"]');
  });

  test('is applied in views of the base and without', () => {
    const delta = stored(base, target);
    expect(Buffer.concat(applyDelta(Buffer.from(base), delta)).toString()).toBe(target);
    expect(Buffer.from(applyWhole(Buffer.from(base), delta)).toString()).toBe(target);
    const large = `["${'x'.repeat(100_000)}",1]`;
    const bytes = Buffer.from(large);
    const chunks = applyDelta(bytes, stored(large, large.replace('1]', '2]')));
    expect(chunks[0]!.buffer).toBe(bytes.buffer);
  });

  test('works on parts of a larger memory', () => {
    const around = Buffer.from(`xx${base}yy${target}zz`);
    const a = { ...textOf(base), bytes: new Uint8Array(around.buffer, around.byteOffset + 2, base.length) };
    const b = {
      ...textOf(target),
      bytes: new Uint8Array(around.buffer, around.byteOffset + base.length + 4, target.length),
    };
    const delta = Buffer.concat(encodeDelta(diff(KERNEL, a, b, anyway)!));
    expect(Buffer.concat(applyDelta(a.bytes, new Uint8Array(delta))).toString()).toBe(target);
  });
});

describe('whether it is worth it', () => {
  const rows = (count: number, v: string): string =>
    `[${Array.from({ length: count }, (_, k) => `{"id":${k},"v":"${v}${k * 7}"}`).join()}]`;

  test('a delta that is longer than its part of the target is none, but is counted', () => {
    expect(compare(KERNEL, textOf('{"a":1}'), textOf('{"a":2}'))).toEqual({
      counts: { additions: 0, changes: 1, deletions: 0, moves: 0 },
    });
    expect(diff(KERNEL, textOf('{"a":1}'), textOf('{"a":2}'))).toBeUndefined();
  });

  test('no change at all is always worth it', () => {
    const text = textOf(rows(100, 'x'));
    expect(compare(KERNEL, text, text).counts).toEqual({ additions: 0, changes: 0, deletions: 0, moves: 0 });
    expect(diff(KERNEL, text, text)!.copies).toHaveLength(3);
  });

  test('large states in which everything has changed are given up early, and counted all the same', () => {
    const large = (v: string): string => rows(100_000, v);
    expect(compare(KERNEL, textOf(large('a ')), textOf(large('another ')))).not.toHaveProperty('diff');
    const words = (seed: number): string =>
      `[${Array.from({ length: 50_000 }, (_, k) => `"${Math.imul(k + seed, 0x9e3779b1)} and ${Math.imul(k ^ seed, 0x85ebca77)}"`)}]`;
    expect(compare(KERNEL, textOf(words(1)), textOf(words(9_000_000)))).toEqual({
      counts: { additions: 0, changes: 50_000, deletions: 0, moves: 0 },
    });
  });

  test('large states in which a good part has changed are not given up', () => {
    const long = (k: number, v: number): string =>
      `{"id":${k},"v":${v},"text":"${'words that stay '.repeat(3)}"}`;
    const table = (v: number): string =>
      `{"changed":[${Array.from({ length: 20_000 }, (_, k) => long(k, v * k))}],"same":[${Array.from({ length: 20_000 }, (_, k) => long(k, 1))}]}`;
    const { counts, diff: found } = compare(KERNEL, textOf(table(3)), textOf(table(5)));
    expect(counts!.changes).toBe(19_999);
    const text = Buffer.concat(encodeDelta(found!));
    expect(Buffer.concat(applyDelta(Buffer.from(table(3)), text)).toString()).toBe(table(5));
  });
});

describe('what is not sound, in format 1,', () => {
  const delta = Buffer.from(
    `{"delta":1,"base":"${textOf(base).checksum}","baseBytes":84,"target":"${textOf(target).checksum}",` +
      '"targetBytes":92,"changes":{"additions":1,"changes":1,"deletions":0,"moves":0},' +
      '"copy":[9,73],"literal":[0,3,7],"from":[0,1]}\nthe,"x":1}',
  );
  const line = JSON.parse(delta.subarray(0, delta.indexOf('\n')).toString());
  const literals = delta.subarray(delta.indexOf('\n'));
  const withLine = (changed: object): Buffer =>
    Buffer.concat([Buffer.from(JSON.stringify({ ...line, ...changed })), literals]);
  const refused = (text: Uint8Array, of = base): void => {
    for (const apply of [applyDelta, applyWhole]) {
      let thrown: unknown;
      try {
        apply(Buffer.from(of), text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(ServiceError);
      expect((thrown as ServiceError).code).toBe('integrity_error');
    }
  };

  test('the test changes what it means to', () => {
    expect(Buffer.concat(applyDelta(Buffer.from(base), withLine({}))).toString()).toBe(target);
  });

  test.each([
    ['another format', { delta: 2 }],
    ['no format', { delta: undefined }],
    ['a member too many', { more: 1 }],
    ['no checksum', { base: 'abc' }],
    ['a checksum in capitals', { target: line.target.toUpperCase().replace(/[0-9]/g, 'A') }],
    ['another length of the base', { baseBytes: 85 }],
    ['another length of the target', { targetBytes: 93 }],
    ['a length that is none', { targetBytes: -1 }],
    ['counts that are none', { changes: { ...line.changes, moves: 0.5 } }],
    ['a count too few', { changes: { additions: 1, changes: 1, deletions: 0 } }],
    ['a list of counts', { changes: [1, 1, 0, 0] }],
    ['a copy too few', { copy: [9], from: [0] }],
    ['a copy of nothing', { copy: [9, 0] }],
    ['a copy that is too long', { copy: [9, 74] }],
    ['a copy that is not whole', { copy: [8.5, 73.5] }],
    ['a copy that is no number', { copy: ['9', 73] }],
    ['a copy from before the base', { from: [-1, 1] }],
    ['a copy from behind the base', { from: [0, 3] }],
    ['a copy from nowhere', { from: [0, null] }],
    ['a literal below nothing', { literal: [-1, 4, 7] }],
    ['literals that are not there', { literal: [0, 3, 8] }],
    ['literals too few', { literal: [0, 3, 6] }],
    ['a column that is none', { copy: { length: 2 } }],
    ['numbers beyond all bounds', { copy: [9, 1e300] }],
  ])('%s is refused', (_, changed) => refused(withLine(changed)));

  test('text that is cut short, is longer, or is no delta is refused', () => {
    for (let length = 0; length < delta.length; length++) refused(delta.subarray(0, length));
    refused(Buffer.concat([delta, Buffer.from('x')]));
    for (const text of ['', '\n', 'null\n', '[]\n', '{}\n', '{"delta":1}\n', base])
      refused(Buffer.from(text));
  });

  test('another base is refused, even one of the same length', () => {
    refused(delta, `${base} `);
    refused(delta, base.replace('a state', 'A state'));
  });

  test('a base that is proven is not proven again', () => {
    const other = base.replace('a state', 'A state');
    const applied = applyDelta(Buffer.from(other), delta, { baseProven: true });
    expect(Buffer.concat(applied).toString()).toBe(target);
  });

  test('no change of a byte in the header goes unnoticed and gives another number of bytes', () => {
    fc.assert(
      fc.property(fc.nat({ max: delta.indexOf('\n') }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bad = Buffer.from(delta);
        bad[at] = byte;
        try {
          expect(Buffer.concat(applyDelta(Buffer.from(base), bad))).toHaveLength(target.length);
        } catch (error) {
          expect((error as ServiceError).code).toBe('integrity_error');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
