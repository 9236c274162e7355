import { describe, expect, test } from '@jest/globals';
import { createAuthorizer } from '../../lib/aws/access/authorizer.ts';
import { principalOf } from '../../lib/aws/names/principal-context.ts';
import { patternsOf, policyFor, readPatterns } from '../../lib/aws/names/route-patterns.ts';
import { SERVED_BY } from '../../lib/aws/names/served-by.ts';
import { SCOPES, type Scope } from '../../lib/core/records/access.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { createLogger } from '../../lib/log.ts';
import { callOf, lets, type PolicyStatement } from './iam.ts';
import { AUDIENCE, CLAIMS, createSigner, ISSUER, tokenOf } from './tokens.ts';

const STAGE = 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod';
const SERVED = ROUTE_LIST.filter(({ operationId }) => SERVED_BY[operationId] !== undefined);
const CLOSED = SERVED.filter(({ scope }) => scope !== 'public');
const rsa = createSigner('RS256', 'rsa');
const stranger = createSigner('RS256', 'rsa');

function createScene(findKey = async (kid: string) => (kid === 'rsa' ? rsa.jwk : undefined)) {
  const lines: string[] = [];
  const authorize = createAuthorizer({
    config: {
      issuer: ISSUER,
      audiences: [AUDIENCE],
      scopePrefix: 'backups/',
      resourcesClaim: 'backup_resources',
      routes: patternsOf(SERVED),
    },
    findKey,
    log: createLogger((line) => lines.push(line)),
  });
  const call = async (token: string) =>
    authorize({ authorizationToken: token, methodArn: `${STAGE}/GET/backups/backup-1` });
  /** With these claims: who it is for the functions, and what the gateway lets through. */
  const open = async (claims: object) => {
    const { principalId, policyDocument, context } = await call(
      `Bearer ${tokenOf(rsa, { ...CLAIMS, ...claims })}`,
    );
    const statements = policyDocument.Statement as unknown as PolicyStatement[];
    return {
      principal: principalOf(principalId, context ?? {}),
      isOpen: (call: string) => lets(statements, `${STAGE}/${call}`),
      statements,
    };
  };
  return { call, open, lines };
}

const PAIRS = SCOPES.flatMap((one, i) => SCOPES.slice(i).map((other) => [...new Set([one, other])]));

test.each(PAIRS.map((scopes) => [scopes.join(' '), scopes] as const))(
  'a token with "%s" opens the routes of these scopes, and no others',
  async (scope, scopes: Scope[]) => {
    const { isOpen, principal } = await createScene().open({ scope });
    for (const route of CLOSED) {
      const expected = scopes.includes('admin') || scopes.includes(route.scope as Scope);
      for (const slash of ['', '/']) {
        // With a slash at its end a route may be closed, and must not be open.
        if (slash === '/' && expected) continue;
        expect([route.operationId, slash, isOpen(callOf(route) + slash)]).toEqual([
          route.operationId,
          slash,
          expected,
        ]);
      }
    }
    expect(principal).toEqual({ subject: 'alice', scopes: new Set(scopes) });
  },
);

test('a policy names routes of this stage only, and no stage as a whole but where it refuses', async () => {
  const { open } = createScene();
  for (const { Effect, Resource } of (await open({ scope: 'backup:write backup:list data:read' }))
    .statements) {
    expect(Effect).toBe('Allow');
    for (const arn of [Resource].flat())
      expect(arn.slice(STAGE.length)).toMatch(/^\/(GET|HEAD|POST|PUT|DELETE)\/[a-z]/);
  }
  expect((await open({ scope: 'backup:list' })).statements.map(({ Effect }) => Effect)).toEqual([
    'Allow',
    'Deny',
  ]);
});

test.each([
  [{}],
  [{ scope: '' }],
  [{ scope: 'openid profile email' }],
  [{ scope: 'other/backup:write' }],
  [{ scope: 'BACKUP:WRITE backup:write,data:read' }],
])('without a scope of ours nothing is open, and the log says whose token it was: %j', async (claims) => {
  const { open, lines } = createScene();
  const { isOpen, principal } = await open(claims);
  for (const route of CLOSED) expect(isOpen(callOf(route))).toBe(false);
  expect(principal.scopes.size).toBe(0);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'warn', message: 'token has no scope of ours', subject: 'alice' },
  ]);
});

test.each([
  [{ scope: 'backups/backup:write openid' }, ['backup:write']],
  [{ scp: 'data:read' }, ['data:read']],
  [{ scp: ['data:read', 'backups/backup:list'] }, ['data:read', 'backup:list']],
])('scopes as issuers write them: %j', async (claims, scopes) => {
  expect((await createScene().open(claims)).principal.scopes).toEqual(new Set(scopes));
});

describe('resources', () => {
  test.each([
    [undefined, undefined],
    [['db', 'app/*'], { ids: ['db'], prefixes: ['app/'] }],
    ['db app/* ', { ids: ['db'], prefixes: ['app/'] }],
    [['a name with spaces'], { ids: ['a name with spaces'], prefixes: [] }],
    [['a*b', 'a**'], { ids: ['a*b'], prefixes: ['a*'] }],
    [[], { ids: [], prefixes: [] }],
    ['', { ids: [], prefixes: [] }],
    ['*', undefined],
    [['db', '*'], undefined],
  ])('%j', async (claim, resources) => {
    const { principal } = await createScene().open({ scope: 'data:read', backup_resources: claim });
    expect(principal.resources).toEqual(resources);
  });

  test.each([[7], [true], [null], [{ ids: ['db'] }], [['db', 7]]])(
    'in a form that is not known they refuse the token, for they mean neither none nor all: %j',
    async (claim) => {
      const { call, lines } = createScene();
      const token = tokenOf(rsa, { ...CLAIMS, scope: 'admin', backup_resources: claim });
      await expect(call(`Bearer ${token}`)).rejects.toThrow(/^Unauthorized$/);
      expect(lines[0]).toContain('its resources are in an unknown form');
    },
  );
});

test.each(['', 'Basic YTpi', `Bearer ${tokenOf(stranger)}`, tokenOf(rsa)])(
  'a token that is not good hears no more than Unauthorized: %.20s',
  async (authorization) => {
    await expect(createScene().call(authorization)).rejects.toThrow(/^Unauthorized$/);
  },
);

test('a token as the password of HTTP Basic, under any name, is the same', async () => {
  const token = tokenOf(rsa, { ...CLAIMS, scope: 'backup:write' });
  const { call } = createScene();
  const basic = Buffer.from(`terraform:${token}`).toString('base64');
  expect(await call(`Basic ${basic}`)).toEqual(await call(`Bearer ${token}`));
  const forged = Buffer.from(`terraform:${tokenOf(stranger)}`).toString('base64');
  await expect(call(`Basic ${forged}`)).rejects.toThrow(/^Unauthorized$/);
});

test('it is not called unauthorized if the issuer does not answer', async () => {
  const { call } = createScene(async () => {
    throw new Error('the issuer does not answer');
  });
  await expect(call(`Bearer ${tokenOf(rsa)}`)).rejects.toThrow('the issuer does not answer');
});

test('what an authorizer has not told lets nobody in', () => {
  expect(principalOf('alice', {})).toEqual({ subject: 'alice', scopes: new Set() });
  expect(() => principalOf('alice', { scopes: 'everything' })).toThrow('scope');
  for (const resources of ['null', '[]', '{"ids":[]}', '{"ids":[1],"prefixes":[]}', 'x', 7]) {
    expect(() => principalOf('alice', { scopes: 'admin', resources })).toThrow();
  }
});

test('patterns come out of an environment as they went in, or not at all', () => {
  const patterns = patternsOf(SERVED);
  const text = JSON.stringify(patterns);
  expect(readPatterns(text)).toEqual(patterns);
  // An environment holds 4 KB.
  expect(text.length).toBeLessThan(2500);
  for (const wrong of ['', 'null', '7', '{"everything":["*"]}', '{"admin":"GET/"}', '{"admin":[1]}']) {
    expect(() => readPatterns(wrong)).toThrow();
  }
});

test('what a policy refuses by name is nothing that it allows', () => {
  for (const scopes of PAIRS) {
    const { allow, deny } = policyFor(patternsOf(SERVED), new Set(scopes));
    for (const pattern of allow) expect(deny).not.toContain(pattern);
  }
});
