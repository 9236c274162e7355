// The key file: made once, for its owner only, never made anew, never believed when it is damaged.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

const CONTEXT = { resourceId: 'r', chainId: 'backup-1' };

interface KeyFile {
  format: number;
  current: string;
  keys: { version: string; keyId: string; key: string }[];
}

let dataDir: string;
let path: string;
beforeEach(() => {
  dataDir = dataDirs.make();
  path = join(dataDir, 'master.key');
});

const open = (mayCreate = false) => openKeyring({ dataDir, mayCreate, random: systemRandom });
const read = (): KeyFile => JSON.parse(readFileSync(path, 'utf8'));
const write = (file: unknown) => writeFileSync(path, JSON.stringify(file), { mode: 0o600 });
const refusal = (code: string) => expect.objectContaining({ name: 'PortError', code });

describe('the key file', () => {
  test('is made with one key, for its owner only, with nothing beside it', () => {
    open(true);
    expect(read()).toEqual({
      format: 1,
      current: '1',
      keys: [
        { version: '1', keyId: expect.stringMatching(/^local\/k1-[0-9a-f]{16}$/), key: expect.any(String) },
      ],
    });
    expect(Buffer.from(read().keys[0]!.key, 'base64')).toHaveLength(32);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(path).nlink).toBe(1);
    expect(readdirSync(dataDir)).toEqual(['master.key']);
  });

  test('is another one in each folder', () => {
    open(true);
    const first = read().keys[0]!;
    dataDir = dataDirs.make();
    path = join(dataDir, 'master.key');
    open(true);
    expect(read().keys[0]!.key).not.toBe(first.key);
    expect(read().keys[0]!.keyId).not.toBe(first.keyId);
  });

  test('opens after a restart what it wrapped before, and stays as it was even where one may be made', async () => {
    const { dataKey, key } = await open(true).generate(CONTEXT);
    const before = readFileSync(path);
    expect(await open(true).open(key, CONTEXT)).toEqual(dataKey);
    expect(await open(false).open(key, CONTEXT)).toEqual(dataKey);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test('that is missing is not made where none may be', () => {
    expect(() => open()).toThrow(refusal('denied'));
    mkdirSync(dataDir);
    expect(() => open()).toThrow(refusal('denied'));
    expect(existsSync(path)).toBe(false);
  });

  test.each([0o640, 0o604, 0o660, 0o610, 0o666])('that others can reach is refused (mode %o)', (mode) => {
    open(true);
    chmodSync(path, mode);
    expect(() => open(true)).toThrow(refusal('denied'));
    chmodSync(path, 0o400);
    open();
  });

  test('half made by a crash under its passing name is no key, and goes when one is made', () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, '.master.key.0123'), '{"format":1,', { mode: 0o600 });
    expect(() => open()).toThrow(refusal('denied'));
    open(true);
    expect(readdirSync(dataDir)).toEqual(['master.key']);
  });
});

describe('a damaged key file', () => {
  const good = (): KeyFile => {
    open(true);
    return read();
  };
  const keyOf = (file: KeyFile) => file.keys[0]!;
  const damages: [string, (file: KeyFile) => unknown][] = [
    ['another format', (file) => ({ ...file, format: 2 })],
    ['no keys', (file) => ({ ...file, keys: [] })],
    ['a current version that is not there', (file) => ({ ...file, current: '2' })],
    ['a version twice', (file) => ({ ...file, keys: [...file.keys, ...file.keys] })],
    ['a short key', (file) => ({ ...file, keys: [{ ...keyOf(file), key: 'AAAA' }] })],
    ['a long key', (file) => ({ ...file, keys: [{ ...keyOf(file), key: 'A'.repeat(88) }] })],
    ['a key that is no base64', (file) => ({ ...file, keys: [{ ...keyOf(file), key: '?'.repeat(44) }] })],
    ['a key without id', (file) => ({ ...file, keys: [{ ...keyOf(file), keyId: '' }] })],
    ['a member nobody knows', (file) => ({ ...file, more: true })],
    ['a list', (file) => [file]],
    ['null', () => null],
  ];
  test.each(damages)('with %s is refused and left alone', (_, damage) => {
    write(damage(good()));
    const before = readFileSync(path);
    expect(() => open(true)).toThrow(refusal('integrity'));
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each(['', ' ', '{', 'not json at all'])(
    'of the text %j is refused, and its text is not told',
    (text) => {
      good();
      writeFileSync(path, text);
      let error: unknown;
      try {
        open(true);
      } catch (caught) {
        error = caught;
      }
      expect(error).toMatchObject({ code: 'integrity' });
      expect((error as Error).cause).toBeUndefined();
    },
  );

  test('is not told in any message, key and all', () => {
    const file = good();
    const secret = keyOf(file).key;
    write({ ...file, keys: [{ ...keyOf(file), version: 7 }], [secret.slice(0, 8)]: 1 });
    try {
      open();
      throw new Error('it was opened');
    } catch (error) {
      expect(String((error as Error).message)).not.toContain(secret);
    }
  });
});

describe('several key versions', () => {
  test('each opens what it wrapped; the current one wraps', async () => {
    const old = await open(true).generate(CONTEXT);
    const file = read();
    const second = { version: '2', keyId: 'local/second', key: Buffer.alloc(32, 7).toString('base64') };
    write({ ...file, current: '2', keys: [...file.keys, second] });
    const keyring = open();
    const fresh = await keyring.generate(CONTEXT);
    expect(fresh.key).toMatchObject({ keyId: 'local/second', keyVersion: '2' });
    expect(await keyring.open(old.key, CONTEXT)).toEqual(old.dataKey);
    expect(await keyring.open(fresh.key, CONTEXT)).toEqual(fresh.dataKey);
    // Neither opens for the other, whatever the label says.
    const relabelled = { ...old.key, keyId: fresh.key.keyId, keyVersion: '2' };
    await expect(keyring.open(relabelled, CONTEXT)).rejects.toMatchObject({ code: 'integrity' });
    // The id and the version name a key together.
    const mixed = { ...old.key, keyVersion: '2' };
    await expect(keyring.open(mixed, CONTEXT)).rejects.toMatchObject({ code: 'not_found' });
    // Without the old key, what it wrapped is out of reach, and that is not called damage.
    write({ ...file, current: '2', keys: [second] });
    await expect(open().open(old.key, CONTEXT)).rejects.toMatchObject({ code: 'not_found' });
  });

  test('the label is part of what is sealed', async () => {
    const { key } = await open(true).generate(CONTEXT);
    const file = read();
    const twin = { ...file.keys[0]!, version: '2' };
    write({ ...file, keys: [...file.keys, twin] });
    await expect(open().open({ ...key, keyVersion: '2' }, CONTEXT)).rejects.toMatchObject({
      code: 'integrity',
    });
  });
});

describe('check', () => {
  test('tells when the file has gone or was replaced, while the keys in memory still work', async () => {
    const keyring = open(true);
    const { key, dataKey } = await keyring.generate(CONTEXT);
    await keyring.check();
    const before = readFileSync(path);
    unlinkSync(path);
    await expect(keyring.check()).rejects.toMatchObject({ code: 'denied' });
    open(true);
    await expect(keyring.check()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await keyring.open(key, CONTEXT)).toEqual(dataKey);
    unlinkSync(path);
    writeFileSync(path, before, { mode: 0o600 });
    await keyring.check();
  });

  test('takes a file that has gained a key', async () => {
    const keyring = open(true);
    const file = read();
    const second = { version: '2', keyId: 'local/second', key: Buffer.alloc(32, 7).toString('base64') };
    write({ ...file, current: '2', keys: [second, ...file.keys] });
    await keyring.check();
  });
});
