// What forms make of what is typed, and of what the service has against it.

import { expect, test } from '@jest/globals';
import {
  areShown,
  bareSecretIn,
  faultAt,
  faultsIn,
  headerLines,
  headersOf,
  isReference,
  listOf,
} from '../../console/app/forms.ts';
import { BackupError } from '../../lib/client/client.ts';

test('what the service has against a member stands at its field, what is within it too', () => {
  const problem = {
    errors: [
      { pointer: '/target/secrets/1', detail: 'is none' },
      { pointer: '/when', detail: 'names no time' },
    ],
  };
  const faults = faultsIn(new BackupError('invalid_request', 'no', { status: 400, problem }));
  expect(faultAt(faults, '/target/secrets')).toBe('is none');
  expect(faultAt(faults, '/target/secret')).toBeUndefined();
  expect(faultAt(faults, '/when')).toBe('names no time');
  expect(areShown(faults, ['/when', '/target/secrets'])).toBe(true);
  expect(areShown(faults, ['/when'])).toBe(false);
  expect(areShown(faultsIn(new Error('no')), ['/when'])).toBe(false);
});

test('only what says where a secret stands is a reference', () => {
  for (const one of [
    'env:OPS_SECRET',
    'file:/run/secrets/x',
    'secretsmanager:arn:aws:secretsmanager:eu:1:secret:a/b#m',
  ])
    expect([one, isReference(one)]).toEqual([one, true]);
  for (const one of [
    'hunter2',
    'whsec_AAAA',
    'env:',
    'file:x',
    '',
    'xenv:A',
    'https://hooks.slack.com/services/T/B/x',
  ])
    expect([one, isReference(one)]).toEqual([one, false]);
});

test('headers go there and back, and one that holds a secret is named', () => {
  const headers = { Accept: 'application/json', Authorization: 'Bearer {env:TOKEN}', 'X-A': 'b: c' };
  expect(headersOf(headerLines(headers))).toEqual(headers);
  expect(headersOf('no header')).toBeUndefined();
  expect(headersOf('')).toEqual({});
  expect(bareSecretIn(headers)).toBeUndefined();
  expect(bareSecretIn({ 'X-Api-Key': 'abc' })).toBe('X-Api-Key');
});

test('lists are typed with commas or on lines', () => {
  expect(listOf(' a, b\nc,,')).toEqual(['a', 'b', 'c']);
  expect(listOf('')).toEqual([]);
});
