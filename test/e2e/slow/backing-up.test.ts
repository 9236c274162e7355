// What the page "Backing up X" says of files, APIs and Terraform, typed as it stands there.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { blocksOf, openPlace, type Place } from '../backing-up.ts';
import { cleanUp } from '../server.ts';

let place: Place;
let api: HttpServer | undefined;

beforeAll(async () => {
  place = await openPlace();
});
afterAll(async () => {
  api?.close();
  await cleanUp();
});

const linesOf = (heading: string) => blocksOf(heading)[0]!.trim().split('\n');

test('a file', async () => {
  const file = join(place.folder, 'config.json');
  const [create, ...rest] = linesOf('A file');
  writeFileSync(file, '{"theme":"dark"}');
  expect(await place.type(create!)).toMatchObject({ code: 0 });
  writeFileSync(file, '{"theme":"light"}');
  const { code, out } = await place.type([create, ...rest].join('\n'));
  expect([code, out]).toEqual([0, expect.stringContaining('+ "light"')]);
  expect(readFileSync(file, 'utf8')).toBe('{"theme":"dark"}');
});

test('what an HTTP API gives', async () => {
  let dashboards = [{ id: 7, title: 'Sales' }];
  let puts: string[] = [];
  api = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method === 'PUT')
      puts = [...puts, `${request.url} ${Buffer.concat(chunks).toString().trim()}`];
    response.end(JSON.stringify(dashboards));
  }).listen(0, '127.0.0.1');
  await new Promise((done) => api!.once('listening', done));
  const env = { API: `http://127.0.0.1:${(api.address() as AddressInfo).port}` };
  const [create, ...rest] = linesOf('What an HTTP API gives');
  expect(await place.type(create!, env)).toMatchObject({ code: 0 });
  dashboards = [{ id: 7, title: 'Oops' }];
  const { code, out } = await place.type([create, ...rest].join('\n'), env);
  expect([code, out]).toEqual([0, expect.stringContaining('"Sales" -> "Oops"')]);
  expect(puts).toEqual(['/dashboards/7 {"id":7,"title":"Sales"}']);
  // One that fails leaves nothing behind.
  expect(
    (await place.type(create!.replace('dashboards --', 'broken --'), { API: 'http://127.0.0.1:9' })).code,
  ).not.toBe(0);
  expect((await place.type('npx brs ls broken --json')).out).toBe('');
});

test('Terraform state', async () => {
  const file = join(place.folder, 'terraform.tfstate');
  const state = (serial: number, password: string) =>
    JSON.stringify({
      version: 4,
      serial,
      resources: [{ type: 'db', name: 'main', instances: [{ attributes: { password, size: serial } }] }],
    });
  const [create, ...rest] = linesOf('Terraform state');
  writeFileSync(file, state(1, 's3cret-one'));
  expect(await place.type(create!)).toMatchObject({ code: 0 });
  writeFileSync(file, state(2, 's3cret-two'));
  const { code, out } = await place.type([create, ...rest].join('\n'));
  expect(code).toBe(0);
  expect(out).toContain('size');
  expect(out).not.toContain('s3cret');
  expect(readFileSync(`${file}.before`, 'utf8')).toBe(state(1, 's3cret-one'));
});
