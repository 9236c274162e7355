// The ways in which somebody can be told, as they are said.

import * as z from 'zod/mini';
import { once } from './once.ts';

const RECIPIENTS_MAX = 50;
const SECRETS_MAX = 5;

/** What the service then looks at more closely: no fault of it may name a value that was meant to be a reference. */
export const channelTarget = once(() => {
  const url = z
    .string()
    .check(
      z.minLength(1),
      z.maxLength(2048),
      z.meta({ description: 'A URL, or where one stands: `env:NAME`, `file:/run/secrets/x`' }),
    );
  const reference = z.string().check(
    z.minLength(1),
    z.maxLength(1100),
    z.meta({
      description: 'Where a secret stands: `env:NAME`, `file:/run/secrets/x`, `secretsmanager:arn`',
    }),
  );
  const address = z.string().check(z.minLength(3), z.maxLength(500));
  return z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('webhook'),
      url,
      secrets: z.array(reference).check(z.minLength(1), z.maxLength(SECRETS_MAX)),
    }),
    z.strictObject({ kind: z.enum(['slack', 'teams', 'discord']), url: reference }),
    z.strictObject({ kind: z.literal('ping'), url }),
    z.strictObject({
      kind: z.literal('mail'),
      server: z.string().check(z.minLength(1), z.maxLength(300)),
      user: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(300))),
      password: z.exactOptional(reference),
      from: address,
      to: z.array(address).check(z.minLength(1), z.maxLength(RECIPIENTS_MAX)),
    }),
    z.strictObject({ kind: z.literal('sns'), topicArn: z.string().check(z.minLength(1), z.maxLength(512)) }),
  ]);
});
