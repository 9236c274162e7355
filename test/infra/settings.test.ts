import { describe, expect, test } from '@jest/globals';
import { readSettings } from '../../lib/infra/settings.ts';

const read = (context: Record<string, unknown>) => readSettings((name) => context[name]);

test('by default nothing can be lost, and IAM guards the door', () => {
  expect(read({})).toEqual({
    stage: 'prod',
    disposable: false,
    auth: { kind: 'iam' },
    objectLockMode: 'governance',
    allowUnencrypted: false,
    graceSeconds: 86_400,
    retentionEveryMinutes: 15,
    basePath: '/prod',
  });
});

test('numbers may come from the command line or from cdk.json', () => {
  expect(read({ objectLock: '30' }).objectLockDays).toBe(30);
  expect(read({ objectLock: 30 }).objectLockDays).toBe(30);
});

test('only the stage dev is disposable, and only there bytes may go sooner than in a day', () => {
  expect(read({ stage: 'dev', graceSeconds: '1' })).toMatchObject({ disposable: true, graceSeconds: 1 });
  expect(() => read({ stage: 'staging', graceSeconds: '1' })).toThrow('graceSeconds');
});

describe('refuses', () => {
  test.each<[string, Record<string, unknown>]>([
    ['stage', { stage: 'Prod' }],
    ['auth', { auth: 'basic' }],
    ['jwtIssuer', { auth: 'jwt' }],
    ['jwtIssuer', { auth: 'jwt', jwtIssuer: 'http://issuer.example', jwtAudience: 'a' }],
    ['jwtAudience', { auth: 'jwt', jwtIssuer: 'https://issuer.example' }],
    ['objectLock', { objectLock: '0' }],
    ['objectLock', { objectLock: 'for ever' }],
    ['objectLockMode', { objectLockMode: 'strict' }],
    ['allowUnencrypted', { allowUnencrypted: 'yes' }],
    ['retentionEveryMinutes', { retentionEveryMinutes: '0' }],
  ])('a wrong %s, by its name', (name, context) => {
    expect(() => read(context)).toThrow(`-c ${name}=`);
  });
});
