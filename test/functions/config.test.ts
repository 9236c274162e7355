import { expect, test } from '@jest/globals';
import { readConfig, readJwtConfig } from '../../lib/aws/config.ts';
import { ENV, JWT_ENV } from '../../lib/aws/names/env.ts';

const GOOD = {
  [ENV.bucket]: 'blobs',
  [ENV.stagingBucket]: 'staging',
  [ENV.table]: 'catalog',
  [ENV.keyArn]: 'arn:aws:kms:us-east-1:123456789012:key/k',
  [ENV.formerKeyArns]: '',
  [ENV.queueUrl]: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
  [ENV.deadLetterQueueUrl]: 'https://sqs.us-east-1.amazonaws.com/123456789012/dead',
  [ENV.eventBus]: 'bus',
  [ENV.allowUnencrypted]: 'false',
  [ENV.graceSeconds]: '86400',
  [ENV.expiryHoldSeconds]: '3600',
  [ENV.basePath]: '/prod',
};

test('reads what the stack sets', () => {
  expect(readConfig(GOOD)).toMatchObject({ bucket: 'blobs', allowUnencrypted: false, graceMs: 86_400_000 });
  expect(readConfig({ ...GOOD, [ENV.basePath]: '' }).basePath).toBe('');
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
  [ENV.allowUnencrypted, 'yes'],
  [ENV.queueUrl, 'jobs'],
])('refuses %s=%s', (name, value) => {
  expect(() => readConfig({ ...GOOD, [name]: value })).toThrow(name);
});

test('an issuer is reached under TLS only', () => {
  expect(() => readJwtConfig({ [JWT_ENV.issuer]: 'http://issuer.example', [JWT_ENV.audience]: 'a' })).toThrow(
    JWT_ENV.issuer,
  );
});

test('a token may be for one of several audiences', () => {
  const read = (audience: string) =>
    readJwtConfig({ [JWT_ENV.issuer]: 'https://issuer.example', [JWT_ENV.audience]: audience });
  expect(read('a').audiences).toEqual(['a']);
  expect(read('a,https://b.example/').audiences).toEqual(['a', 'https://b.example/']);
  for (const audience of ['', 'a,', ',a', 'a b']) expect(() => read(audience)).toThrow(JWT_ENV.audience);
});
