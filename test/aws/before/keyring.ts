// A keyring that keeps nothing: a data key follows from what stands in its place, so that what was sealed in a fixture opens.

import { createHash } from 'node:crypto';
import type { KeyContext, Keyring } from '../../../lib/ports/keyring.ts';
import { type Random, randomHex } from '../../../lib/ports/random.ts';

export function createFollowingKeyring(random: Random): Keyring {
  const dataKeyOf = (wrapped: string, context: KeyContext) =>
    new Uint8Array(
      createHash('sha256')
        .update(JSON.stringify([wrapped, Object.entries(context).sort()]))
        .digest(),
    );
  return {
    async generate(context) {
      const wrapped = Buffer.from(randomHex(random, 92)).toString('base64');
      return { dataKey: dataKeyOf(wrapped, context), key: { keyId: 'following', keyVersion: '1', wrapped } };
    },
    open: async ({ wrapped }, context) => dataKeyOf(wrapped, context),
    async check() {},
  };
}
