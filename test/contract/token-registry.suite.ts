// What every registry of named tokens has to do.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lib/core/records/access.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import type { TokenRegistry } from '../../lib/ports/tokens.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

export interface TokenRegistryHarness extends Closing {
  tokens: TokenRegistry;
  /** The clock that the registry goes by. */
  clock: Clock & { advance(ms: number): void };
}

export function tokenRegistrySuite(name: string, make: Make<TokenRegistryHarness>): void {
  describe(`${name} token registry`, () => {
    const harness = forEachTest(make);
    let tokens: TokenRegistry;
    let clock: TokenRegistryHarness['clock'];
    beforeEach(() => {
      ({ tokens, clock } = harness());
    });
    const input = { name: 'ci', scopes: ['backup:write'] as Scope[] };

    test('asks nobody for a token until there is one, and everybody from then on', async () => {
      expect(tokens.isAsked()).toBe(false);
      const { record } = await tokens.make(input, 'root');
      expect(tokens.isAsked()).toBe(true);
      await tokens.revoke(record.id, 'root');
      expect(tokens.isAsked()).toBe(true);
    });

    test('a token stands for its name, its scopes and its resources', async () => {
      const resources = { ids: ['db'], prefixes: ['tf/'] };
      const { record, token } = await tokens.make({ ...input, resources }, 'root');
      expect(token).toMatch(/^bkp_[a-z2-7]{8}_[A-Za-z0-9_-]{43}$/);
      expect(tokens.find(token)).toEqual({
        principal: { subject: `token:ci:${record.id}`, scopes: new Set(['backup:write']), resources },
      });
      const { token: other } = await tokens.make({ ...input, name: 'all' }, 'root');
      expect(tokens.find(other)).toMatchObject({
        principal: { subject: expect.stringContaining('token:all:') },
      });
      expect('resources' in (tokens.find(other) as { principal: object }).principal).toBe(false);
    });

    test('nothing that is not the whole token opens anything', async () => {
      const { record, token } = await tokens.make(input, 'root');
      const changed = token.slice(0, -1) + (token.endsWith('A') ? 'B' : 'A');
      for (const wrong of [
        '',
        'x',
        record.id,
        record.sha256,
        token.slice(0, -1),
        `${token}x`,
        changed,
        `bkp_${record.id}_`,
      ]) {
        expect(tokens.find(wrong)).toEqual({ fault: 'unknown' });
      }
    });

    test('only its hash is kept', async () => {
      const { token } = await tokens.make(input, 'root');
      expect(JSON.stringify(tokens.list())).not.toContain(token.slice(token.indexOf('_', 4) + 1));
    });

    test('revoked, it opens nothing from the next call on, whoever revokes it again', async () => {
      const { record, token } = await tokens.make(input, 'root');
      clock.advance(5);
      const revoked = await tokens.revoke(record.id, 'alice');
      expect(revoked).toMatchObject({ revokedAt: clock.now(), revokedBy: 'alice' });
      clock.advance(5);
      expect(await tokens.revoke(record.id, 'bob')).toEqual(revoked);
      expect(tokens.find(token)).toEqual({ fault: 'revoked' });
      await expect(tokens.revoke('aaaaaaaa', 'bob')).rejects.toMatchObject({ code: 'not_found' });
    });

    test('expired, it opens nothing, from that very moment on', async () => {
      const { token } = await tokens.make({ ...input, expiresAt: clock.now() + 10 }, 'root');
      clock.advance(9);
      expect('principal' in tokens.find(token)).toBe(true);
      clock.advance(1);
      expect(tokens.find(token)).toEqual({ fault: 'expired' });
    });

    test('a name is in use until its token is revoked or has expired', async () => {
      const { record } = await tokens.make({ ...input, expiresAt: clock.now() + 10 }, 'root');
      await expect(tokens.make(input, 'root')).rejects.toMatchObject({ code: 'exists' });
      clock.advance(10);
      const { record: second } = await tokens.make(input, 'root');
      await tokens.revoke(second.id, 'root');
      await tokens.make(input, 'root');
      expect(tokens.list().map(({ name }) => name)).toEqual(['ci', 'ci', 'ci']);
      expect(tokens.list()[0]).toMatchObject({ id: record.id });
    });

    test('the list says when each was used last', async () => {
      const { token } = await tokens.make(input, 'root');
      expect(tokens.list()[0]).not.toHaveProperty('lastUsedAt');
      clock.advance(7);
      tokens.find(token);
      expect(tokens.list()[0]).toMatchObject({ lastUsedAt: clock.now() });
    });

    test('tokens that are made at once are all made', async () => {
      const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
      await Promise.all(names.map((one) => tokens.make({ ...input, name: one }, 'root')));
      expect(
        tokens
          .list()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(names.sort());
    });
  });
}
