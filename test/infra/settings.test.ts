import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { refuseUnknownNames, SETTING_NAMES } from '../../lib/infra/setting-names.ts';
import { readSettings } from '../../lib/infra/settings.ts';

const read = (context: Record<string, unknown>) => readSettings((name) => context[name]);

test('by default nothing can be lost, and IAM guards the door', () => {
  expect(read({})).toEqual({
    stage: 'prod',
    adopted: {},
    disposable: false,
    auth: { kind: 'iam' },
    objectLockMode: 'governance',
    allowUnencrypted: false,
    graceSeconds: 7 * 86_400,
    expiryHoldSeconds: 86_400,
    auditDays: 400,
    retentionEveryMinutes: 15,
    sweepersMax: 4,
    requestsPerSecondMax: 200,
    workersMax: 10,
    busEvents: ['all'],
    apiLogs: 'own',
    formerKeyArns: [],
    notifyTopicArns: [],
    sourcePrivateHosts: [],
    notifyPrivateHosts: [],
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

const KEY_ARN = 'arn:aws:kms:eu-central-1:123456789012:key/1111-2222';
const ADOPTING = {
  ...{ bucketName: 'blobs', storageKeyArn: KEY_ARN, keyArn: KEY_ARN, tableName: 'table' },
  tableStreamArn: 'arn:aws:dynamodb:eu-central-1:123456789012:table/table/stream/2026-11-28T00:00:00.000',
};

describe('refuses', () => {
  test.each<[string, Record<string, unknown>]>([
    ['stage', { stage: 'Prod' }],
    ['auth', { auth: 'basic' }],
    ['jwtIssuer', { auth: 'jwt' }],
    ['jwtIssuer', { auth: 'jwt', jwtIssuer: 'http://issuer.example', jwtAudience: 'a' }],
    ['jwtAudience', { auth: 'jwt', jwtIssuer: 'https://issuer.example' }],
    ['jwtAudience', { auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a, b' }],
    [
      'jwtScopePrefix',
      { auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a', jwtScopePrefix: 'a b' },
    ],
    [
      'jwtConsoleClientId',
      { auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a', jwtConsoleClientId: 'a b' },
    ],
    [
      'jwtConsoleScopes',
      { auth: 'jwt', jwtIssuer: 'https://issuer.example', jwtAudience: 'a', jwtConsoleScopes: 'openid' },
    ],
    ['breakGlassRoleArn', { breakGlassRoleArn: 'root' }],
    ['objectLock', { objectLock: '0' }],
    ['objectLock', { objectLock: 'for ever' }],
    ['objectLockMode', { objectLockMode: 'strict' }],
    ['allowUnencrypted', { allowUnencrypted: 'yes' }],
    ['retentionEveryMinutes', { retentionEveryMinutes: '0' }],
    ['sweepersMax', { sweepersMax: '0' }],
    ['sweepersMax', { sweepersMax: '17' }],
    ['alarmEmail', { alarmEmail: 'notanemail' }],
    ['basePath', { basePath: '/api/' }],
    ['basePath', { basePath: 'api' }],
    ['maxRequestsPerSecond', { maxRequestsPerSecond: '0' }],
    ['apiLogs', { apiLogs: 'maybe' }],
    ['busEvents', { busEvents: 'backup.create' }],
    ['provisionedWriteUnits', { provisionedWriteUnits: '100' }],
    ['provisionedWriteUnits', { provisionedWriteUnits: '4-100' }],
    ['provisionedWriteUnits', { provisionedWriteUnits: '200-100' }],
    ['provisionedWriteUnits', { provisionedWriteUnits: '5-1000001' }],
    ['provisionedReadUnits', { provisionedWriteUnits: '5-100', provisionedReadUnits: '5-' }],
    ['provisionedReadUnits', { provisionedReadUnits: '5-100' }],
    ['warmWriteUnits', { warmWriteUnits: '4000', provisionedWriteUnits: '5-100' }],
    ['provisionedWriteUnits', { ...ADOPTING, provisionedWriteUnits: '5-100' }],
    ['warmWriteUnits', { ...ADOPTING, warmWriteUnits: '4000' }],
    ['busEvents', { busEvents: 'all,none' }],
    ['busEvents', { busEvents: '' }],
    ['formerKeyArns', { formerKeyArns: 'alias/old' }],
    ['notifyTopicArns', { notifyTopicArns: 'ops' }],
    ['sourcePrivateHosts', { sourcePrivateHosts: 'http://db' }],
    ['notifyPrivateHosts', { notifyPrivateHosts: 'http://db' }],
    ['bucketName', { bucketName: 'Blobs' }],
    ['keyArn', { keyArn: 'alias/old' }],
    ['tableName', { tableName: 'a b' }],
    ['tableStreamArn', { tableStreamArn: 'arn:aws:dynamodb:table' }],
    ['storageKeyArn', { bucketName: 'blobs' }],
    ['keyArn', { bucketName: 'blobs', storageKeyArn: KEY_ARN }],
    ['bucketName', { tableName: 'table' }],
    ['tableName', { ...ADOPTING, tableName: undefined }],
    ['stage', { ...ADOPTING, stage: 'dev', auth: 'none' }],
  ])('a wrong %s, by its name', (name, context) => {
    expect(() => read(context)).toThrow(`-c ${name}=`);
  });
});

describe('refuses what would mean nothing', () => {
  test.each<[string, Record<string, unknown>]>([
    ['a mode of a lock that is not asked for', { objectLockMode: 'compliance' }],
    ['a lock on what is thrown away', { stage: 'dev', objectLock: '1' }],
    ['an archive of what goes nowhere', { busEvents: 'none', archiveDays: '30' }],
    ['an issuer without jwt', { jwtIssuer: 'https://issuer.example' }],
    ['an open door on a stage that is kept', { auth: 'none' }],
    ['an open door on any stage but dev', { auth: 'none', stage: 'staging' }],
  ])('%s', (_, context) => {
    expect(() => read(context)).toThrow(/-c /);
  });

  test('an open door on the stage that can be thrown away is let through', () => {
    expect(read({ auth: 'none', stage: 'dev' }).auth).toEqual({ kind: 'none' });
  });

  test.each(['objectlock', 'grace', 'alarmMail'])('an unknown name: %s', (name) => {
    expect(() => refuseUnknownNames([name])).toThrow(`-c ${name}=... is not known`);
  });

  test('names of the CDK are its own business', () => {
    expect(() => refuseUnknownNames(['aws:cdk:bundling-stacks', '@aws-cdk/core:x', 'stage'])).not.toThrow();
  });
});

test('units are provisioned for reads as for writes, unless something else is said', () => {
  const bounds = { least: 25, most: 4000 };
  expect(read({ provisionedWriteUnits: '25-4000' }).provisioned).toEqual({
    ...{ writeUnits: bounds, readUnits: bounds },
  });
  expect(read({ provisionedWriteUnits: '25-4000', provisionedReadUnits: '5-5' }).provisioned).toEqual({
    ...{ writeUnits: bounds, readUnits: { least: 5, most: 5 } },
  });
  expect(read({})).not.toHaveProperty('provisioned');
});

test('an action that is not known is refused with the one that was meant', () => {
  expect(() => read({ busEvents: 'backup.failed,restore.faild' })).toThrow(
    '-c busEvents=... takes all, none, or actions with commas between them: there is no action "restore.faild" (did you mean restore.failed?).',
  );
  expect(read({ busEvents: 'all,-backup.created' }).busEvents).toEqual(['all', '-backup.created']);
});

test('the stage dev leaves no role of the account behind, and takes none away', () => {
  expect(read({ stage: 'dev' }).apiLogs).toBe('none');
  expect(read({ stage: 'dev', apiLogs: 'existing' }).apiLogs).toBe('existing');
});

test.each(SETTING_NAMES)('operators can read what -c %s does', (name) => {
  expect(readFileSync('docs/operations.md', 'utf8')).toMatch(new RegExp(`\\b${name}\\b[=\`]`));
});

test.each([
  ['objectlock', '30', '-c objectlock=... is not known'],
  ['objectLockMode', 'compliance', '-c objectLockMode=... locks nothing by itself'],
  ['basePath', '/api/', '-c basePath=... takes'],
])('the app refuses -c %s=%s before it builds anything, in one sentence', (name, value, sentence) => {
  const env = { ...process.env, CDK_CONTEXT_JSON: JSON.stringify({ [name]: value }) };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/app.ts'], { env, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(sentence);
  expect(stderr.trim().split('\n')).toHaveLength(1);
});
