import { expect, test } from '@jest/globals';
import { readConfig, readJwtConfig } from '../../lib/aws/config.ts';
import { ENV, JWT_ENV } from '../../lib/aws/names/env.ts';

const GOOD = {
  [ENV.bucket]: 'blobs',
  [ENV.stagingBucket]: 'staging',
  [ENV.table]: 'catalog',
  [ENV.tableCapacity]: 'on-demand',
  [ENV.keyArn]: 'arn:aws:kms:us-east-1:123456789012:key/k',
  [ENV.formerKeyArns]: '',
  [ENV.sourcePrivateHosts]: '',
  [ENV.notifyPrivateHosts]: '',
  [ENV.queueUrl]: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
  [ENV.deadLetterQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/123456789012/dead',
  [ENV.eventBus]: 'bus',
  [ENV.busEvents]: 'all',
  [ENV.allowUnencrypted]: 'false',
  [ENV.graceSeconds]: '86400',
  [ENV.expiryHoldSeconds]: '3600',
  [ENV.auditDays]: '400',
  [ENV.objectLock]: '',
  [ENV.retentionEveryMinutes]: '15',
  [ENV.sweepersMax]: '4',
  [ENV.metricsNamespace]: 'BackupRestore/test',
  [ENV.basePath]: '/prod',
  [ENV.auth]: 'iam',
};

test('reads what the stack sets', () => {
  expect(readConfig(GOOD)).toMatchObject({ bucket: 'blobs', allowUnencrypted: false, graceMs: 86_400_000 });
  expect(readConfig({ ...GOOD, [ENV.basePath]: '' }).basePath).toBe('');
  expect(readConfig(GOOD)).not.toHaveProperty('objectLock');
  expect(readConfig({ ...GOOD, [ENV.objectLock]: '30 compliance' }).objectLock).toEqual({
    days: 30,
    mode: 'compliance',
  });
  expect(readConfig({ ...GOOD, [ENV.busEvents]: 'all,-run.*' }).goesToBus('run.failed')).toBe(false);
  expect(readConfig(GOOD).formerKeyArns).toEqual([]);
  expect(readConfig({ ...GOOD, [ENV.formerKeyArns]: 'a,b' }).formerKeyArns).toEqual(['a', 'b']);
});

test.each(Object.values(ENV))('names %s when it is missing', (name) => {
  expect(() => readConfig({ ...GOOD, [name]: undefined })).toThrow(name);
});

test.each([
  [ENV.basePath, 'prod'],
  [ENV.basePath, '/prod/'],
  [ENV.graceSeconds, '1 day'],
  [ENV.expiryHoldSeconds, '1 day'],
  [ENV.auditDays, 'for ever'],
  [ENV.sweepersMax, 'many'],
  [ENV.tableCapacity, 'warm'],
  [ENV.objectLock, '30'],
  [ENV.busEvents, ''],
  [ENV.busEvents, 'backup.create'],
  [ENV.objectLock, '30 strict'],
  [ENV.allowUnencrypted, 'yes'],
  [ENV.queueUrl, 'jobs'],
  [ENV.auth, ''],
  [ENV.auth, 'IAM'],
])('refuses %s=%s', (name, value) => {
  expect(() => readConfig({ ...GOOD, [name]: value })).toThrow(name);
});

const GOOD_JWT = {
  [JWT_ENV.issuer]: 'https://issuer.example',
  [JWT_ENV.audience]: 'a',
  [JWT_ENV.scopePrefix]: '',
  [JWT_ENV.resourcesClaim]: 'backup_resources',
  [JWT_ENV.routes]: '{"backup:write":["POST/backups"]}',
};

test('reads what the stack sets for the authorizer', () => {
  expect(readJwtConfig(GOOD_JWT)).toEqual({
    issuer: 'https://issuer.example',
    audiences: ['a'],
    scopePrefix: '',
    resourcesClaim: 'backup_resources',
    routes: { 'backup:write': ['POST/backups'] },
  });
  const several = { ...GOOD_JWT, [JWT_ENV.audience]: 'a,https://b.example/' };
  expect(readJwtConfig(several).audiences).toEqual(['a', 'https://b.example/']);
});

test.each([
  [JWT_ENV.issuer, 'http://issuer.example'],
  [JWT_ENV.issuer, undefined],
  [JWT_ENV.audience, ''],
  [JWT_ENV.audience, 'a,'],
  [JWT_ENV.audience, 'a b'],
  [JWT_ENV.scopePrefix, 'a b'],
  [JWT_ENV.scopePrefix, undefined],
  [JWT_ENV.resourcesClaim, ''],
  [JWT_ENV.routes, '{"everything":["*"]}'],
])('refuses of the authorizer %s=%s', (name, value) => {
  expect(() => readJwtConfig({ ...GOOD_JWT, [name]: value })).toThrow(name);
});
