// What comes back in place of an answer from AWS: never a bug of ours.

import { describe, expect, test } from '@jest/globals';
import { awsFailure } from '../../lib/aws/calls/failures.ts';

const failed = (error: Error, members: object) => awsFailure(Object.assign(error, members), 'it failed');

describe('an answer that is not one of AWS', () => {
  test.each([500, 502, 503, 504, 429])('%i with a page in it is unavailable', (statusCode) => {
    const error = new SyntaxError('Unexpected token "<", "<html><h"... is not valid JSON');
    // As the SDK gives it: what could not be read has no status but that of the whole answer.
    expect(failed(error, { $metadata: { attempts: 3 }, $response: { statusCode } })).toMatchObject({
      code: 'unavailable',
    });
  });

  test('200 with a page in it too', () => {
    const error = new SyntaxError('Unexpected token "<"');
    expect(failed(error, { $metadata: {}, $response: { statusCode: 200 } })).toMatchObject({
      code: 'unavailable',
    });
  });

  test.each([
    ['an unknown name with 5xx', { name: 'Whatever', $metadata: { httpStatusCode: 599 } }],
    ['an unknown name with 429', { name: 'Whatever', $metadata: { httpStatusCode: 429 } }],
    ['a fault of the server, without a status', { name: 'Whatever', $fault: 'server', $metadata: {} }],
  ])('%s is unavailable', (_what, members) => {
    expect(failed(new Error('x'), members)).toMatchObject({ code: 'unavailable' });
  });

  test('a mistake of ours stays one', () => {
    const mistake = new SyntaxError('ours');
    expect(awsFailure(mistake, 'it failed')).toBe(mistake);
    expect(
      failed(new Error('x'), { name: 'ValidationException', $metadata: { httpStatusCode: 400 } }),
    ).not.toHaveProperty('code');
  });
});
