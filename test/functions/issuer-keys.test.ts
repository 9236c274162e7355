import { expect, test } from '@jest/globals';
import { createIssuerKeys } from '../../lib/aws/access/issuer-keys.ts';
import { createLogger } from '../../lib/log.ts';

const ISSUER = 'https://issuer.example/realm/';
const KEY_SET = 'https://keys.example/jwks';

function createIssuer(keys: unknown, { jwksUri = KEY_SET, status = 200 } = {}) {
  const asked: string[] = [];
  const lines: string[] = [];
  let at = 0;
  const state = { keys, status };
  const answers = async (input: string | URL | Request): Promise<Response> => {
    asked.push(String(input));
    const body = String(input) === KEY_SET ? { keys: state.keys } : { jwks_uri: jwksUri };
    return new Response(JSON.stringify(body), { status: state.status });
  };
  const find = createIssuerKeys({
    issuer: ISSUER,
    log: createLogger((line) => lines.push(line)),
    fetch: answers as typeof fetch,
    now: () => at,
  });
  return {
    find,
    asked,
    lines,
    state,
    wait: (ms: number) => {
      at += ms;
    },
  };
}

const FIRST = { kid: 'first', kty: 'RSA' };
const SECOND = { kid: 'second', kty: 'RSA' };

test('finds keys where discovery says they are, and looks once for many', async () => {
  const { find, asked } = createIssuer([FIRST, { kty: 'RSA' }]);
  expect(await Promise.all([find('first'), find('first'), find('other')])).toEqual([FIRST, FIRST, undefined]);
  expect(await find('first')).toEqual(FIRST);
  expect(asked).toEqual(['https://issuer.example/realm/.well-known/openid-configuration', KEY_SET]);
});

test('an unknown key makes it look again, but not for every token of a flood', async () => {
  const { find, asked, state, wait } = createIssuer([FIRST]);
  await find('first');
  state.keys = [FIRST, SECOND];
  for (let i = 0; i < 10; i++) expect(await find('second')).toBeUndefined();
  expect(asked).toHaveLength(2);
  wait(30_001);
  expect(await find('second')).toEqual(SECOND);
});

test('a key that the issuer has taken back is not believed for long', async () => {
  const { find, state, wait } = createIssuer([FIRST]);
  await find('first');
  state.keys = [SECOND];
  wait(10 * 60_000 + 1);
  expect(await find('first')).toBeUndefined();
});

test('while the issuer is down its keys are good, others cannot be told, and the log says so', async () => {
  const { find, asked, lines, state, wait } = createIssuer([FIRST]);
  await find('first');
  state.status = 503;
  wait(11 * 60_000);
  expect(await find('first')).toEqual(FIRST);
  await expect(find('second')).rejects.toThrow('the issuer https://issuer.example/realm/ gives no keys');
  expect(asked).toHaveLength(3);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toMatchObject({
    level: 'error',
    message: 'the issuer gives no keys',
    known: 1,
  });
  wait(5_001);
  expect(await find('first')).toEqual(FIRST);
  expect(asked).toHaveLength(4);

  state.status = 200;
  state.keys = [SECOND];
  wait(5_001);
  expect(await find('first')).toBeUndefined();
  expect(await find('second')).toEqual(SECOND);
});

test('an issuer that has been down for a day is believed in nothing', async () => {
  const { find, state, wait } = createIssuer([FIRST]);
  await find('first');
  state.status = 503;
  wait(24 * 60 * 60_000);
  await expect(find('first')).rejects.toThrow('issuer');
});

test.each([
  ['an error', { status: 500 }],
  ['a key set that is not under TLS', { jwksUri: 'http://keys.example/jwks' }],
])('rejects on %s', async (_name, options) => {
  await expect(createIssuer([FIRST], options).find('first')).rejects.toThrow('issuer');
});

test('rejects if the key set has no keys', async () => {
  const { find, lines } = createIssuer('none');
  await expect(find('first')).rejects.toThrow('gives no keys');
  expect(lines[0]).toContain('the key set of the issuer has no keys');
});
