// The named tokens of a data folder, as the running service knows them: what a command changes counts from the next call on.

import { createHash, timingSafeEqual } from 'node:crypto';
import {
  idOfToken,
  principalOf,
  type TokenRecord,
  tokenFault,
  tokenOf,
} from '../../core/records/access-token.ts';
import type { Logger } from '../../log.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Random } from '../../ports/random.ts';
import type { TokenRegistry } from '../../ports/tokens.ts';
import { changeTokens, readTokens, stampOf } from './token-file.ts';

const NAME_TAKEN = 'a token of that name is in use: revoke it first, or take another name';
const USED_EVERY_MS = 60_000;

export interface EmbeddedTokens extends TokenRegistry {
  /** Writes down when each was used last. */
  writeUses(): Promise<void>;
}

/** Opens the tokens of a folder. Throws PortError if there are some that cannot be read. */
export function openTokens(dataDir: string, clock: WallClock, random: Random, log: Logger): EmbeddedTokens {
  let stamp = stampOf(dataDir);
  let known = byId(readTokens(dataDir));
  let isAsked = stamp !== undefined;
  const used = new Map<string, number>();

  const current = (): Map<string, TokenRecord> => {
    const found = stampOf(dataDir);
    if (found !== stamp) {
      known = byId(readTokens(dataDir));
      stamp = found;
      // Whoever takes the file away opens no door by that; the next start finds it open.
      isAsked ||= found !== undefined;
      log.info('tokens read again', { tokens: known.size });
    }
    return known;
  };
  const change = async (to: (tokens: TokenRecord[]) => TokenRecord[]): Promise<void> => {
    await changeTokens(dataDir, to);
    current();
  };

  return {
    isAsked: () => current().size > 0 || isAsked,
    find(presented) {
      const id = idOfToken(presented);
      const record = id === undefined ? undefined : current().get(id);
      const expected = Buffer.from(record?.sha256 ?? '0'.repeat(64), 'hex');
      const isRight = timingSafeEqual(createHash('sha256').update(presented).digest(), expected);
      if (record === undefined || !isRight) return { fault: 'unknown' };
      const fault = tokenFault(record, clock.now());
      if (fault !== undefined) return { fault };
      used.set(record.id, clock.now());
      return { principal: principalOf(record) };
    },
    list: () =>
      [...current().values()].map((record) => {
        const lastUsedAt = used.get(record.id) ?? record.lastUsedAt;
        return lastUsedAt === undefined ? record : { ...record, lastUsedAt };
      }),
    async make(input, by) {
      const now = clock.now();
      const { id, token } = tokenOf(random.bytes(8), random.bytes(32));
      const sha256 = createHash('sha256').update(token).digest('hex');
      const record: TokenRecord = { id, ...input, sha256, createdAt: now, createdBy: by };
      await change((tokens) => {
        const isTaken = tokens.some((one) => one.name === input.name && tokenFault(one, now) === undefined);
        if (isTaken) throw new PortError('exists', NAME_TAKEN);
        return [...tokens, record];
      });
      return { record, token };
    },
    async revoke(id, by) {
      const now = clock.now();
      let revoked: TokenRecord | undefined;
      await change((tokens) => {
        const found = tokens.find((one) => one.id === id);
        if (found === undefined) throw new PortError('not_found', `there is no token ${id}`);
        const record = found.revokedAt === undefined ? { ...found, revokedAt: now, revokedBy: by } : found;
        revoked = record;
        return tokens.map((one) => (one === found ? record : one));
      });
      return revoked!;
    },
    async writeUses() {
      const news = [...current().values()].filter(
        ({ id, lastUsedAt = 0 }) => (used.get(id) ?? 0) >= lastUsedAt + USED_EVERY_MS,
      );
      if (news.length === 0) return;
      await change((tokens) =>
        tokens.map((one) => {
          const lastUsedAt = used.get(one.id);
          return lastUsedAt === undefined ? one : { ...one, lastUsedAt };
        }),
      );
    },
  };
}

function byId(tokens: TokenRecord[]): Map<string, TokenRecord> {
  return new Map(tokens.map((record) => [record.id, record]));
}
