import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText } from '../../../lib/core/json/body.ts';
import { findValue } from '../../../lib/core/json/lookup.ts';
import { escapeToken, parsePointer } from '../../../lib/core/json/pointer.ts';

const find = (json: string, pointer: string): string | undefined => {
  const part = findValue(canonicalText(json).bytes, parsePointer(pointer)!);
  return part === undefined ? undefined : Buffer.from(part).toString();
};

describe('a part of a state by JSON Pointer', () => {
  // The examples of RFC 6901, section 5.
  const rfc = '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}';
  test.each([
    ['', rfc],
    ['/foo', '["bar","baz"]'],
    ['/foo/0', '"bar"'],
    ['/', '0'],
    ['/a~1b', '1'],
    ['/c%d', '2'],
    ['/e^f', '3'],
    ['/g|h', '4'],
    ['/i\\j', '5'],
    ['/k"l', '6'],
    ['/ ', '7'],
    ['/m~0n', '8'],
    ['/foo/2', undefined],
    ['/foo/-', undefined],
    ['/foo/00', undefined],
    ['/foo/0/x', undefined],
    ['/nothing', undefined],
  ])('%j gives %s', (pointer, part) => {
    expect(find(rfc, pointer)).toBe(part);
  });

  test.each([
    ['{"a":1,"a":{"b":2}}', '/a/b', '2'],
    ['{"\\u0061":[1e400,"]}"]}', '/a/1', '"]}"'],
    ['{"__proto__":{"x":9007199254740993}}', '/__proto__/x', '9007199254740993'],
    ['[[],[{"k":"\\""},-0]]', '/1/1', '-0'],
    ['[]', '/0', undefined],
    ['{}', '/a', undefined],
  ])('%s at %s gives %s', (json, pointer, part) => {
    expect(find(json, pointer)).toBe(part);
  });

  test.each(['a', '/~', '/~2', 'a/b'])('%j is no pointer', (pointer) => {
    expect(parsePointer(pointer)).toBeUndefined();
  });

  test('finds what a walk over the parsed value finds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const walk = (v: unknown, pointer: string): void => {
          expect(find(JSON.stringify(value), pointer)).toBe(JSON.stringify(v));
          if (v !== null && typeof v === 'object') {
            for (const [k, child] of Object.entries(v)) walk(child, `${pointer}/${escapeToken(k)}`);
          }
        };
        walk(value, '');
      }),
    );
  });
});
