import { expect, test } from '@jest/globals';
import { readContext } from '../aws/stack.ts';

test('local:aws takes the settings of cdk deploy, in the words of cdk', () => {
  expect(readContext(['-c', 'auth=iam', '--context', 'jwtIssuer=https://a.example/?b=c'])).toEqual({
    auth: 'iam',
    jwtIssuer: 'https://a.example/?b=c',
  });
  expect(readContext([])).toEqual({});
});

test.each([[['-c', 'auth']], [['-c', '=iam']], [['auth=iam']], [['--stage', 'dev']]])(
  'local:aws passes over nothing that it does not know: %j',
  (args) => {
    expect(() => readContext(args)).toThrow();
  },
);
