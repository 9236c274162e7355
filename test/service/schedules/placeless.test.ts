// What a state is apart from the name of the place: the same in a scratch target, whatever that is called.

import { expect, test } from '@jest/globals';
import { checksumOf, PlacelessHash } from '../../../lib/service/schedules/placeless.ts';

const state = (format: string, name: string, place: string, rest = '1') =>
  `{"format":"${format}","${name}":${JSON.stringify(place)},"tables":{"x":${rest}}}`;

function streamed(text: string, step: number): string {
  const hash = new PlacelessHash();
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += step) hash.append(bytes, at, Math.min(bytes.length, at + step));
  expect(hash.length).toBe(bytes.length);
  return hash.digest();
}

const long = JSON.stringify('é"'.repeat(10_000));

test.each([1, 7, 5000, 1_000_000])('pieces of %d bytes', async (step) => {
  const of = (...all: Parameters<typeof state>) => streamed(state(...all), step);
  const shop = of('postgresql/1', 'database', 'shop', long);
  expect(of('postgresql/1', 'database', 'a "longer" \\ name, é', long)).toBe(shop);
  expect(of('postgresql/1', 'database', 'shop', `${long.slice(0, -1)}x"`)).not.toBe(shop);
  expect(of('dynamodb/1', 'table', 'a')).toBe(of('dynamodb/1', 'table', 'b'));
  // No other member is the name of a place.
  expect(of('sqlite/1', 'database', 'a')).not.toBe(of('sqlite/1', 'database', 'b'));
  expect(streamed('{}', step)).not.toBe(streamed('[]', step));
});

test('and where it is held', async () => {
  const of = (...all: Parameters<typeof state>) => checksumOf(Buffer.from(state(...all)));
  expect(await of('postgresql/1', 'database', 'a')).toBe(await of('postgresql/1', 'database', 'b'));
  expect(await of('postgresql/1', 'database', 'a')).not.toBe(await of('postgresql/1', 'database', 'a', '2'));
  expect(await of('sqlite/1', 'database', 'a')).not.toBe(await of('sqlite/1', 'database', 'b'));
});
