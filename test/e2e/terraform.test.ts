// Terraform's `http` backend as a process: by its own methods on the wire, and over a kill between the lock and the state.

import { afterAll, expect, test } from '@jest/globals';
import { cleanUp, newDataDir, type Server, startServer } from './server.ts';

afterAll(cleanUp);

const INFO = { ID: 'lock-1', Operation: 'OperationTypeApply', Info: 'a deploy', Who: 'ci@runner' };
const state = (serial: number) => `{"version":4,"serial":${serial},"lineage":"l","n":1.0}`;

async function call({ url }: Server, method: string, query = '', body?: string) {
  const response = await fetch(`${url}/terraform/net${query}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
}

test('a lock outlives the process that gave it, and what it keeps out', async () => {
  const dataDir = newDataDir();
  let server = await startServer({ dataDir });
  expect((await call(server, 'LOCK', '', JSON.stringify(INFO))).status).toBe(200);
  expect((await call(server, 'POST', '?ID=lock-1', state(1))).status).toBe(200);
  await server.kill();

  server = await startServer({ dataDir });
  const second = await call(server, 'LOCK', '', JSON.stringify({ ...INFO, ID: 'lock-2' }));
  expect({ ...second, text: JSON.parse(second.text) }).toMatchObject({ status: 423, text: INFO });
  expect((await call(server, 'POST', '', state(2))).status).toBe(423);
  expect((await call(server, 'POST', '?ID=lock-2', state(2))).status).toBe(423);
  // Whoever was cut off goes on with the lock that it has.
  const [kept] = await Promise.allSettled([call(server, 'POST', '?ID=lock-1', state(2)), server.kill()]);

  server = await startServer({ dataDir });
  const { text } = await call(server, 'GET');
  const isKept = kept.status === 'fulfilled' && kept.value.status === 200;
  // Acknowledged, it is there; cut off, it is there or not, and never something else.
  if (isKept) expect(text).toBe(state(2));
  else expect([state(1), state(2)]).toContain(text);
  expect((await call(server, 'POST', '?ID=lock-1', state(2))).status).toBe(200);
  expect((await call(server, 'GET')).text).toBe(state(2));
  // As "force-unlock" asks: with nothing.
  expect(await call(server, 'UNLOCK', '', '')).toEqual({ status: 200, text: '{"released":true}' });
  expect((await call(server, 'LOCK', '', JSON.stringify({ ...INFO, ID: 'lock-2' }))).status).toBe(200);
  expect((await call(server, 'UNLOCK', '', '{"ID":"lock-2"}')).status).toBe(200);
}, 60_000);
