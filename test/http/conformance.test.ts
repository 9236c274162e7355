// The check that all answers of all tests go through finds what is not as described.

import { expect, test } from '@jest/globals';
import { createAnswerCheck, type Exchange, type OpenApiDocument } from './conformance.ts';
import { createHarness } from './harness.ts';

const HEALTHY = { status: 'healthy' };
const PROBLEM = {
  type: 'urn:backup-restore:error:backup_not_found',
  title: 'There is no such backup',
  status: 404,
  detail: 'None.',
  instance: '/backups/x',
  code: 'backup_not_found',
};

async function check(exchange: Partial<Exchange> & { json?: unknown }): Promise<string | undefined> {
  const document = (await (await createHarness().send('GET', '/openapi.json')).json()) as OpenApiDocument;
  const { json = HEALTHY, ...rest } = exchange;
  const status = exchange.status ?? 200;
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  const headers = new Headers({ 'Content-Type': type });
  const body = Buffer.from(JSON.stringify(json));
  try {
    createAnswerCheck(document)({ method: 'GET', path: '/health', status, headers, body, ...rest });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const NOT_FOUND = { path: '/backups/x', status: 404 };

test.each<[string, Partial<Exchange> & { json?: unknown }]>([
  ['an answer', {}],
  ['one to a query', { path: '/health?a=b' }],
  ['a problem', { ...NOT_FOUND, json: PROBLEM }],
  ['a problem with members of its own', { ...NOT_FOUND, json: { ...PROBLEM, earliest: 'x' } }],
  ['a path that is none', { path: '/no/where', status: 404, json: { ...PROBLEM, code: 'route_not_found' } }],
  ['the head of an answer', { method: 'HEAD', body: new Uint8Array() }],
])('%s is as described', async (_name, exchange) => {
  expect(await check(exchange)).toBeUndefined();
});

test.each<[string, Partial<Exchange> & { json?: unknown }, RegExp]>([
  ['a wrong value', { json: { status: 'well' } }, /^getHealth gave a 200 .*: \/status must be equal/],
  ['a missing member', { json: {} }, /required/],
  ['an unknown member', { json: { ...HEALTHY, mood: 1 } }, /additional properties .*"mood"/],
  ['no JSON', { body: Buffer.from('{') }, /no JSON/],
  ['another content type', { headers: new Headers({ 'Content-Type': 'text/html' }) }, /text\/html/],
  ['a status that is not described', { status: 418 }, /it has 200/],
  ['a problem of another status', { ...NOT_FOUND, json: { ...PROBLEM, status: 400 } }, /\/status is 400/],
  [
    'a code that the operation does not name',
    { ...NOT_FOUND, json: { ...PROBLEM, code: 'token_not_found' } },
    /\/code is token_not_found; it has backup_not_found/,
  ],
  [
    'a conflict that does not say when to try again',
    {
      method: 'DELETE',
      path: '/backups/x',
      status: 409,
      json: { ...PROBLEM, status: 409, code: 'write_conflict', detail: 'It was lost; try again.' },
    },
    /not when/,
  ],
  [
    'a 503 that does not say when to come back',
    { path: '/backups/x', status: 503, json: { ...PROBLEM, status: 503, code: 'dependency_unavailable' } },
    /the header Retry-After is missing/,
  ],
  ['a problem without a title', { ...NOT_FOUND, json: { ...PROBLEM, title: undefined } }, /title/],
  ['an operation that is not described', { method: 'PUT' }, /no such operation/],
  [
    'a create without Location',
    { method: 'POST', path: '/backups', status: 201 },
    /the header Location is missing/,
  ],
])('%s is found', async (_name, exchange, fault) => {
  expect(await check(exchange)).toMatch(fault);
});
