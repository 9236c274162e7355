// What every keyring must do, as in lib/ports/keyring.ts.

import { beforeEach, describe, expect, test } from '@jest/globals';
import type { WrappedKey } from '../../lib/core/records/model.ts';
import type { KeyContext, Keyring } from '../../lib/ports/keyring.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';
import { LONE_SURROGATES, ODD_STRINGS, ownMembers } from './samples.ts';

export interface KeyringHarness extends Closing {
  keyring: Keyring;
}

const CONTEXT: KeyContext = { resourceId: 'database-1', chainId: 'backup-1' };

export function keyringSuite(name: string, make: Make<KeyringHarness>): void {
  describe(`${name} keyring`, () => {
    let keyring: Keyring;
    const harness = forEachTest(make);
    beforeEach(() => {
      ({ keyring } = harness());
    });

    const opens = async (key: WrappedKey, context: KeyContext) =>
      Buffer.from(await keyring.open(key, context)).toString('hex');

    test('opens what it has wrapped, as often as one likes', async () => {
      const { dataKey, key } = await keyring.generate(CONTEXT);
      expect(dataKey.length).toBe(32);
      const hex = Buffer.from(dataKey).toString('hex');
      expect(await opens(key, CONTEXT)).toBe(hex);
      expect(await Promise.all([opens(key, CONTEXT), opens(key, { ...CONTEXT })])).toEqual([hex, hex]);
    });

    test('names the key that wraps, and gives it as text', async () => {
      const { key } = await keyring.generate(CONTEXT);
      for (const part of [key.keyId, key.keyVersion, key.wrapped]) {
        expect(typeof part).toBe('string');
        expect(part).not.toBe('');
      }
      expect(Buffer.from(key.wrapped, 'base64').toString('base64')).toBe(key.wrapped);
    });

    test('the wrapped key survives JSON', async () => {
      const { dataKey, key } = await keyring.generate(CONTEXT);
      const stored: WrappedKey = JSON.parse(JSON.stringify(key));
      expect(await opens(stored, CONTEXT)).toBe(Buffer.from(dataKey).toString('hex'));
    });

    test('no two keys are alike, and none shows in its wrapping', async () => {
      const made = await Promise.all(Array.from({ length: 50 }, () => keyring.generate(CONTEXT)));
      const clear = made.map(({ dataKey }) => Buffer.from(dataKey).toString('hex'));
      expect(new Set(clear).size).toBe(50);
      expect(new Set(made.map(({ key }) => key.wrapped)).size).toBe(50);
      expect(clear).not.toContain('00'.repeat(32));
      for (const { dataKey, key } of made) {
        expect(Buffer.from(key.wrapped, 'base64').toString('hex')).not.toContain(
          Buffer.from(dataKey).toString('hex'),
        );
      }
    });

    test('a caller that wipes its copy harms nobody else', async () => {
      const { dataKey, key } = await keyring.generate(CONTEXT);
      const hex = Buffer.from(dataKey).toString('hex');
      dataKey.fill(0);
      (await keyring.open(key, CONTEXT)).fill(0);
      expect(await opens(key, CONTEXT)).toBe(hex);
    });

    test('the order of the context does not matter', async () => {
      const { dataKey, key } = await keyring.generate({ a: '1', b: '2', c: '3' });
      expect(await opens(key, { c: '3', a: '1', b: '2' })).toBe(Buffer.from(dataKey).toString('hex'));
    });

    const others: [string, KeyContext][] = [
      ['another value', { ...CONTEXT, chainId: 'backup-2' }],
      ['a member more', { ...CONTEXT, more: 'x' }],
      ['a member less', { resourceId: 'database-1' }],
      ['no member', {}],
      ['swapped values', { resourceId: 'backup-1', chainId: 'database-1' }],
      ['other case', { ...CONTEXT, resourceId: 'Database-1' }],
      ['one member that looks like both', { 'chainId":"backup-1","resourceId': 'database-1' }],
    ];
    test.each(others)('does not open under another context: %s', async (_, context) => {
      const { key } = await keyring.generate(CONTEXT);
      await expect(keyring.open(key, context)).rejects.toMatchObject({ code: 'integrity' });
    });

    test('takes any strings in a context, and tells them apart', async () => {
      const strings = [...ODD_STRINGS, ...LONE_SURROGATES, '', '\ufffd'];
      const contexts = [
        {},
        ...strings.map((text) => ({ a: text })),
        ...strings.map((text) => ownMembers([[text, 'a']])),
      ];
      const made = await Promise.all(contexts.map((context) => keyring.generate(context)));
      for (const [i, { key, dataKey }] of made.entries()) {
        expect(await opens(key, contexts[i]!)).toBe(Buffer.from(dataKey).toString('hex'));
        const next = contexts[(i + 1) % contexts.length]!;
        await expect(keyring.open(key, next)).rejects.toMatchObject({ code: 'integrity' });
      }
      // What UTF-8 would make one of.
      const { key } = await keyring.generate({ a: '\ud800' });
      await expect(keyring.open(key, { a: '\ufffd' })).rejects.toMatchObject({ code: 'integrity' });
    });

    test('does not open when any byte of the wrapped key is changed', async () => {
      const { key } = await keyring.generate(CONTEXT);
      const bytes = Buffer.from(key.wrapped, 'base64');
      for (let at = 0; at < bytes.length; at += 1) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << (at % 8);
        const wrapped = changed.toString('base64');
        await expect(keyring.open({ ...key, wrapped }, CONTEXT)).rejects.toMatchObject({ code: 'integrity' });
      }
    });

    const mangled: [string, (wrapped: string) => string][] = [
      ['empty', () => ''],
      ['cut short', (wrapped) => wrapped.slice(0, -4)],
      ['made longer', (wrapped) => `${wrapped}AAAA`],
      ['not base64', () => '%%%%'],
      ['with white space', (wrapped) => `${wrapped}\n`],
    ];
    test.each(mangled)('does not open a wrapped key that is %s', async (_, change) => {
      const { key } = await keyring.generate(CONTEXT);
      const wrapped = change(key.wrapped);
      await expect(keyring.open({ ...key, wrapped }, CONTEXT)).rejects.toMatchObject({ code: 'integrity' });
    });

    test('does not open with the wrapping of another key', async () => {
      const { key, dataKey } = await keyring.generate(CONTEXT);
      const other = await keyring.generate({ ...CONTEXT, chainId: 'backup-2' });
      await expect(keyring.open(other.key, CONTEXT)).rejects.toMatchObject({ code: 'integrity' });
      expect(await opens(key, CONTEXT)).toBe(Buffer.from(dataKey).toString('hex'));
    });

    test.each(['keyId', 'keyVersion'] as const)('does not know another %s', async (part) => {
      const { key } = await keyring.generate(CONTEXT);
      const unknown = { ...key, [part]: `${key[part]}0` };
      await expect(keyring.open(unknown, CONTEXT)).rejects.toMatchObject({ code: 'not_found' });
    });

    test('check resolves', async () => {
      await keyring.check();
    });
  });
}
