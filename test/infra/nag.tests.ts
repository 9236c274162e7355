import { describe, expect, test } from '@jest/globals';
import { ADOPTING } from './adopted.tests.ts';
import { ELSEWHERE, REPLICATED } from './replica.tests.ts';
import { checkWithNag } from './synth.ts';

describe('nag', () => {
  test.each([
    ['prod', {}],
    ['dev without authentication', { stage: 'dev', auth: 'none' }],
    ['what was there before', ADOPTING],
    ['a provisioned table, and nothing on the bus', { provisionedWriteUnits: '25-4000', busEvents: 'none' }],
    ['a second copy', REPLICATED],
    ['a second copy in another account', ELSEWHERE],
    [
      'tokens, locks and mail',
      {
        auth: 'jwt',
        jwtIssuer: 'https://issuer.example',
        jwtAudience: 'backups',
        jwtConsoleClientId: 'console',
        objectLock: '30',
        alarmEmail: 'oncall@example.org',
      },
    ],
  ] as [string, Record<string, string>][])(
    'cdk-nag finds nothing that is not acknowledged: %s',
    (_name, context) => {
      expect(() => checkWithNag(context)).not.toThrow();
    },
  );
});
