// The function that serves the console: what a gateway hands it, what it answers, and what it does while the issuer is down.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { createConsoleHandler } from '../../lib/aws/access/console.ts';
import { readConsoleConfig } from '../../lib/aws/config.ts';
import { CONSOLE_ENV } from '../../lib/aws/names/env.ts';
import { silentLogger } from '../../lib/log.ts';
import { ISSUER } from './tokens.ts';

const folder = mkdtempSync(join(tmpdir(), 'console-function-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><meta name="sign-in" content=""><p>page');
writeFileSync(join(folder, 'assets/app-0123.js'), 'export const a = 1;');
afterAll(() => rmSync(folder, { recursive: true }));

const SET = {
  [CONSOLE_ENV.issuer]: ISSUER,
  [CONSOLE_ENV.scopePrefix]: 'backups/',
  [CONSOLE_ENV.clientId]: 'the-"console"',
  [CONSOLE_ENV.scopes]: 'openid backups/backup:list',
  [CONSOLE_ENV.audience]: 'backups',
  [CONSOLE_ENV.basePath]: '/prod',
  [CONSOLE_ENV.stagingOrigin]: 'https://staging.s3.eu-central-1.amazonaws.com',
};
const ENDPOINTS = {
  authorization_endpoint: 'https://login.example/authorize',
  token_endpoint: 'https://login.example/token',
};

function createScene(says: () => object | Promise<object> = () => ENDPOINTS) {
  const asked: string[] = [];
  const handler = createConsoleHandler({
    config: readConsoleConfig(SET),
    folder,
    log: silentLogger,
    fetch: async (url) => {
      asked.push(String(url));
      return Response.json(await says());
    },
  });
  const get = async (proxy: string | undefined, headers: Record<string, string> = {}) => {
    const resource = proxy === undefined ? '/console' : '/console/{proxy+}';
    const pathParameters = proxy === undefined ? null : { proxy };
    const result = await handler({ httpMethod: 'GET', headers, pathParameters, resource });
    const { statusCode, headers: given = {}, body, isBase64Encoded } = result;
    expect(isBase64Encoded).toBe(true);
    return { statusCode, headers: given, text: Buffer.from(body, 'base64').toString() };
  };
  return { get, asked };
}

test('the page says where one signs in, and may ask there, here and where uploads lie', async () => {
  const { get, asked } = createScene();
  for (const view of ['overview', 'resource', '']) {
    const { statusCode, headers, text } = await get(view);
    expect(statusCode).toBe(200);
    const content = /<meta name="sign-in" content="([^"]*)">/.exec(text)![1]!;
    expect(JSON.parse(content.replaceAll('&quot;', '"').replaceAll('&amp;', '&'))).toEqual({
      issuer: ISSUER,
      authorizationEndpoint: 'https://login.example/authorize',
      tokenEndpoint: 'https://login.example/token',
      clientId: 'the-"console"',
      scopes: 'openid backups/backup:list',
      audience: 'backups',
      scopePrefix: 'backups/',
    });
    expect(headers['content-security-policy']).toContain(
      "connect-src 'self' https://login.example https://staging.s3.eu-central-1.amazonaws.com;",
    );
    expect(headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
  }
  expect(asked).toEqual([`${ISSUER}/.well-known/openid-configuration`]);
});

test('files are found below it; its bare name leads to a view, behind the stage', async () => {
  const { get } = createScene();
  expect(await get('assets/app-0123.js')).toMatchObject({ statusCode: 200, text: 'export const a = 1;' });
  expect((await get('assets/none.js')).statusCode).toBe(404);
  expect(await get(undefined)).toMatchObject({
    statusCode: 302,
    headers: { location: '/prod/console/overview' },
  });
});

test.each<[string, () => object]>([
  ['is down', () => Promise.reject(new Error('no answer'))],
  ['has no endpoints', () => ({})],
  [
    'has endpoints that anybody reads along with',
    () => ({ ...ENDPOINTS, token_endpoint: 'http://login.example/token' }),
  ],
])('an issuer that %s is said to, and asked again', async (_how, says) => {
  let isMended = false;
  const { get } = createScene(() => (isMended ? ENDPOINTS : says()));
  const { statusCode, headers, text } = await get('overview');
  expect([statusCode, headers['retry-after']]).toEqual([503, '5']);
  expect(JSON.parse(text)).toMatchObject({ code: 'dependency_unavailable' });
  isMended = true;
  expect((await get('overview')).statusCode).toBe(200);
});

test.each(Object.values(CONSOLE_ENV))('names %s when it is missing', (name) => {
  expect(() => readConsoleConfig({ ...SET, [name]: undefined })).toThrow(name);
});
