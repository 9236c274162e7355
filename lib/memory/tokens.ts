// Named tokens in a list: the reference for the homes that keep their own.

import { createHash } from 'node:crypto';
import { principalOf, type TokenRecord, tokenFault, tokenOf } from '../core/records/access-token.ts';
import type { WallClock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Random } from '../ports/random.ts';
import type { TokenRegistry } from '../ports/tokens.ts';
import { systemRandom } from '../random.ts';

export function createMemoryTokens(clock: WallClock, random: Random = systemRandom): TokenRegistry {
  const tokens: TokenRecord[] = [];
  const digest = (token: string): string => createHash('sha256').update(token).digest('hex');
  return {
    isAsked: () => tokens.length > 0,
    find(presented) {
      const record = tokens.find(({ sha256 }) => sha256 === digest(presented));
      if (record === undefined) return { fault: 'unknown' };
      const fault = tokenFault(record, clock.now());
      if (fault !== undefined) return { fault };
      record.lastUsedAt = clock.now();
      return { principal: principalOf(record) };
    },
    list: () => structuredClone(tokens),
    async make(input, by) {
      const now = clock.now();
      if (tokens.some((one) => one.name === input.name && tokenFault(one, now) === undefined)) {
        throw new PortError('exists', 'a token of that name is in use');
      }
      const { id, token } = tokenOf(random.bytes(8), random.bytes(32));
      const record = { id, ...input, sha256: digest(token), createdAt: now, createdBy: by };
      tokens.push(record);
      return { record: structuredClone(record), token };
    },
    async revoke(id, by) {
      const record = tokens.find((one) => one.id === id);
      if (record === undefined) throw new PortError('not_found', `there is no token ${id}`);
      record.revokedAt ??= clock.now();
      record.revokedBy ??= by;
      return structuredClone(record);
    },
  };
}
