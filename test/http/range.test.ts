// Conditional and partial requests, as RFC 9110 reads them.

import { expect, test } from '@jest/globals';
import { namesTag, parseRange, takesGzip } from '../../lib/http/contract/range.ts';

test.each<[string | undefined, ReturnType<typeof parseRange>]>([
  [undefined, undefined],
  ['', undefined],
  ['bytes=0-0', { from: 0, to: 1 }],
  ['bytes=0-', { from: 0, to: 10 }],
  ['Bytes=3-5', { from: 3, to: 6 }],
  ['bytes=3-99', { from: 3, to: 10 }],
  ['bytes=-4', { from: 6, to: 10 }],
  ['bytes=-99', { from: 0, to: 10 }],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-', undefined],
  ['bytes=5-3', undefined],
  ['bytes=0-1,4-5', undefined],
  ['rows=0-1', undefined],
  ['bytes=a-b', undefined],
])('%s of ten bytes', (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['"a"', true],
  ['W/"a"', true],
  ['"x", "a"', true],
  ['*', true],
  ['a', false],
  ['"b"', false],
])('%s names the tag', (header, named) => {
  expect(namesTag(header, ['"a"'])).toBe(named);
});

test.each<[string | undefined, boolean]>([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['x-gzip', true],
  ['br, GZIP;q=0.5', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0, *', false],
  ['identity', false],
  ['gzip;q=', false],
])('%s takes gzip', (header, takes) => {
  expect(takesGzip(header)).toBe(takes);
});
