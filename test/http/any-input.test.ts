// Whatever is sent: an answer of ours, never a 500, and a service that hears only of what was let in.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { createHarness } from './harness.ts';

const { app, calls } = createHarness();

async function expectCivil(method: string, path: string, body?: string | Uint8Array<ArrayBuffer>) {
  calls.length = 0;
  const response = await app.request(path, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  expect(response.status).toBeLessThan(500);
  if (response.status < 400) return;
  expect(calls).toEqual([]);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(JSON.parse(text)).toMatchObject({ status: response.status });
}

const withBody = ROUTE_LIST.filter((route) => route.body !== undefined);
const routeArbitrary = fc.constantFrom(...withBody);
const pathOf = (path: string) => path.replaceAll(/\{\w+\}/g, 'x');

/** Values that are nearly right: the members of the contract with anything in them. */
const memberNames = [...new Set(withBody.flatMap((route) => Object.keys(route.body!.fields().shape)))];
const nearlyRight = fc.dictionary(
  fc.oneof(fc.constantFrom(...memberNames, 'data'), fc.string({ unit: 'binary', maxLength: 4 })),
  fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('full', '2025-01-01T00:00:00Z', true, 7, 'x', '/a'),
    fc.record({ tags: fc.jsonValue(), retentionDays: fc.jsonValue() }, { requiredKeys: [] }),
  ),
);

test('any JSON', async () => {
  await fc.assert(
    fc.asyncProperty(routeArbitrary, fc.oneof(nearlyRight, fc.jsonValue()), async (route, value) => {
      await expectCivil(route.method, pathOf(route.path), new TextEncoder().encode(JSON.stringify(value)));
    }),
    { numRuns: 1000 },
  );
});

test('any bytes', async () => {
  await fc.assert(
    fc.asyncProperty(routeArbitrary, fc.uint8Array({ maxLength: 64 }), async (route, bytes) => {
      await expectCivil(route.method, pathOf(route.path), new Uint8Array(bytes));
    }),
    { numRuns: 500 },
  );
});

test('any path and query', async () => {
  const part = fc.string({
    unit: fc.constantFrom(...'%/?&=+#.:;25cCeE7f aé😀\\"<'),
    maxLength: 12,
  });
  const start = fc.constantFrom(
    '/',
    '/backups',
    '/backups/',
    '/backups?',
    '/retention/policies/',
    '/restore/operations?',
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom('GET', 'HEAD', 'DELETE'), start, part, async (method, from, rest) => {
      const response = await app.request(`http://localhost${from}${rest}`, { method });
      expect(response.status).toBeLessThan(500);
      await response.text();
    }),
    { numRuns: 1000 },
  );
});
