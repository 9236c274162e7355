// docs/formats.md is true: readers written from it alone give back what the service has stored, and its example holds.

import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import { deriveKeys } from '../../lib/core/blob/keys.ts';
import { bindingOf, open, readUnauthenticatedHeader } from '../../lib/core/blob/open.ts';
import { applyDelta } from '../../lib/core/delta/apply/apply.ts';
import { compare } from '../../lib/core/delta/compare/diff.ts';
import { serveDelta } from '../../lib/core/delta/served/serve.ts';
import { encodeDelta } from '../../lib/core/delta/stored/encode.ts';
import { canonicalText } from '../../lib/core/json/body.ts';
import type { BackupRecord } from '../../lib/core/records/model.ts';
import { openBlobStore } from '../../lib/embedded/blobs/blob-store.ts';
import { MIGRATIONS } from '../../lib/embedded/catalog/schema.ts';
import { openKeyring } from '../../lib/embedded/keys/keyring.ts';
import { systemRandom } from '../../lib/random.ts';
import { sweep } from '../../lib/service/retention/sweep.ts';
import { createDataDirs } from '../contract/data-dirs.ts';
import { createWorld, DAY, inputOf, type World } from '../service/world.ts';
import { encryptBody, headerOf, partsOf } from './blob/fixtures.ts';
import { applyFormat2 } from './formats-delta.ts';
import { blobPath, dataKeyOf, restoreInNode } from './formats-reader.ts';
import { KERNEL } from './kernels.ts';

const SCRIPT = join(__dirname, '../../docs/restore.py');
const PAGE = readFileSync(join(__dirname, '../../docs/formats.md'), 'utf8');

/** Undefined where there is no Python 3.7. */
const PYTHON = spawnSync('python3', [
  '-c',
  'import sys; assert sys.version_info >= (3, 7); sys.stdout.write(sys.executable)',
]).stdout?.toString();
if (!PYTHON) {
  process.stderr.write(
    '\n*** python3 IS MISSING: docs/restore.py IS NOT TESTED HERE, only the same reader in Node ***\n\n',
  );
}

/** Throws, and gives nothing, unless all of it is as it was written. */
type Reader = (folder: string, blobIds: readonly string[]) => Buffer;

const restoreInPython: Reader = (folder, blobIds) => {
  const { status, stdout, stderr } = python(folder, blobIds);
  if (status === 0) return stdout;
  expect(stdout.toString()).toBe('');
  expect(stderr.toString()).toMatch(/^restore\.py: /m);
  throw new Error(stderr.toString());
};

function python(folder: string, blobIds: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(PYTHON!, [SCRIPT, folder, ...blobIds], {
    maxBuffer: 2 ** 30,
    env: { ...process.env, ...env },
  });
}

const READERS: [string, Reader][] = [
  ['in Node', restoreInNode],
  ...(PYTHON ? [['docs/restore.py', restoreInPython] as [string, Reader]] : []),
];

/** A Python has to start for every state that is read. */
jest.setTimeout(120_000);

const dirs = createDataDirs();
afterAll(dirs.removeAll);

function createFolder(): { folder: string; world: World } {
  const folder = dirs.make();
  const keyring = openKeyring({ dataDir: folder, mayCreate: true, random: systemRandom });
  return { folder, world: createWorld(() => ({ blobs: openBlobStore(folder), keyring })) };
}

const idsOf = ({ chain }: BackupRecord): string[] => chain.map(({ blobId }) => blobId);
const lastOf = (record: BackupRecord): string[] => idsOf(record).slice(-1);
const rows = (n: number): string =>
  JSON.stringify({ rows: Array.from({ length: n }, (_, id) => ({ id, text: `row ${id * 7919}` })) });

describe.each(READERS)('a reader of the formats, %s,', (_, read) => {
  test('gives back every backup, by its last blob or along its chain', async () => {
    const { folder, world } = createFolder();
    const made: [BackupRecord, string][] = [];
    const make = async (...args: Parameters<World['make']>): Promise<void> => {
      made.push([await world.make(...args), args[1]]);
    };
    // Several gzip members, and more than one slice of ciphertext.
    const large = JSON.stringify(randomBytes(1_200_000).toString('base64'));
    await make('large', large, 'full');
    await make('large', `${large.slice(0, -1)}!"`, 'incremental');
    await make('small', '0', 'full');
    await make('exact', '{"a":1.0,"a":9007199254740993,"__proto__":[-0,1e400,"\\ud800","é"]}', 'full');
    await make('"\\\u2028é😀 %\ud83d', rows(40), 'full');
    await make('"\\\u2028é😀 %\ud83d', rows(41), 'incremental');
    await make('mixed', rows(50), 'full', { encrypt: false });
    await make('mixed', rows(51), 'incremental');
    await make('mixed', rows(52), 'incremental', { encrypt: false });
    await make('mixed', rows(53), 'differential');
    await make('mixed', rows(3), 'incremental');
    for (const [record, json] of made) {
      expect(read(folder, lastOf(record)).toString()).toBe(json);
      if (record.chain.length > 1) expect(read(folder, idsOf(record)).toString()).toBe(json);
    }
    expect(made.map(([record]) => record.chain.length)).toEqual([1, 2, 1, 1, 1, 2, 1, 2, 3, 2, 1]);
  });

  test('finds its way where a rebase has replaced what a delta names', async () => {
    const { folder, world } = createFolder();
    const keep = (retentionDays: number) => ({ metadata: { ...inputOf('db', '1').metadata, retentionDays } });
    await world.make('db', rows(200), 'full', keep(10));
    await world.make('db', rows(201), 'incremental', keep(1));
    await world.make('db', rows(202), 'incremental', keep(10));
    const before = await world.make('db', rows(203), 'incremental', keep(10));
    for (let i = 0; i < 3; i++) {
      world.clock.advance(DAY + 10);
      await sweep(world.deps);
    }
    const after = (await world.deps.catalog.getBackup(before.id))!;
    expect([before.chain.length, after.chain.length]).toEqual([4, 3]);
    expect(lastOf(after)).toEqual(lastOf(before));
    expect(idsOf(after)).not.toContain(headerAt(folder, after).baseBlobId);
    for (const ids of [lastOf(after), idsOf(after)]) expect(read(folder, ids).toString()).toBe(rows(203));
    rmSync(blobPath(folder, after.chain[1]!.blobId));
    expect(() => read(folder, lastOf(after))).toThrow();
  });

  test('refuses what is not as it was written', async () => {
    const { folder, world } = createFolder();
    const first = await world.make('db', rows(60), 'full');
    const second = await world.make('db', rows(61), 'incremental');
    const third = await world.make('db', rows(62), 'incremental');
    const other = await world.make('db', rows(60), 'full');
    const inClear = await world.make('clear', rows(60), 'full', { encrypt: false });
    const refused = (ids: string[]): void => expect(() => read(folder, ids)).toThrow();

    for (const [record, last] of [
      [first, second],
      [second, second],
      [inClear, inClear],
    ] as const) {
      const path = blobPath(folder, lastOf(record)[0]!);
      const blob = readFileSync(path);
      for (const at of [4, 200, blob.length - 40, blob.length - 1]) {
        const edited = Buffer.from(blob);
        edited[at]! ^= 1;
        overwrite(path, edited);
        refused(lastOf(last));
      }
      for (const edited of [blob.subarray(0, -1), Buffer.concat([blob, Buffer.alloc(1)])]) {
        overwrite(path, edited);
        refused(lastOf(last));
      }
      overwrite(path, blob);
      expect(read(folder, lastOf(last)).toString()).toBe(rows(last.sequence === 1 ? 60 : 61));
    }
    const [state, delta, next] = idsOf(third);
    refused([state!, next!]);
    refused([delta!, next!]);
    refused([state!, state!]);
    refused([lastOf(other)[0]!, delta!]);

    cpSync(blobPath(folder, state!), blobPath(folder, 'f'.repeat(32)));
    refused(['f'.repeat(32)]);
    const keyFile = readFileSync(join(folder, 'master.key'), 'utf8');
    const { keys } = JSON.parse(keyFile);
    overwrite(join(folder, 'master.key'), keyFile.replace(keys[0].key, randomBytes(32).toString('base64')));
    refused([state!]);
  });

  test('reads the example of the page', () => {
    const { folder, ids } = exampleFolder();
    expect(read(folder, [ids.state]).toString()).toBe(example('state-text'));
    expect(read(folder, [ids.delta]).toString()).toBe(example('target-text'));
  });
});

if (PYTHON) {
  test('docs/restore.py lists the blobs there are, and takes a data key that was unwrapped elsewhere', async () => {
    const { folder, world } = createFolder();
    const records = [await world.make('b', rows(70), 'full'), await world.make('b', rows(71), 'incremental')];
    records.unshift(await world.make('a', 'null', 'full', { encrypt: false }));
    writeFileSync(blobPath(folder, 'e'.repeat(32)), 'no blob');
    const { status, stdout, stderr } = python(folder, []);
    expect(status).toBe(0);
    expect(stderr.toString()).toContain('e'.repeat(32));
    const listed = stdout.toString().trimEnd().split('\n');
    expect(listed.map((line) => JSON.parse(line))).toEqual(
      records.map(({ resourceId, sequence, id, createdAt, type, checksum, chain, encrypted }) => ({
        ...{ resourceId, sequence, backupId: id, createdAt, kind: chain.at(-1)!.kind, type, checksum },
        cipher: encrypted ? 'aes-256-cbc' : 'none',
        blobId: chain.at(-1)!.blobId,
      })),
    );

    const dataKey = dataKeyOf(folder, headerAt(folder, records[1]!)).toString('base64');
    rmSync(join(folder, 'master.key'));
    expect(python(folder, lastOf(records[2]!)).status).toBe(1);
    expect(python(folder, lastOf(records[2]!), { DATA_KEY: dataKey }).stdout.toString()).toBe(rows(71));
    const wrong = { DATA_KEY: randomBytes(32).toString('base64') };
    expect(python(folder, lastOf(records[2]!), wrong).stderr.toString()).toContain('another data key');
  });
}

describe('the example of the page', () => {
  test('is what the service reads', async () => {
    const { folder, ids } = exampleFolder();
    const dataKey = bytesOf('data-key');
    const texts = { state: example('state-text'), delta: example('delta-text') };
    for (const name of ['state', 'delta'] as const) {
      const blob = readFileSync(blobPath(folder, ids[name]));
      const { plain } = await open(blob, bindingOf(await readUnauthenticatedHeader(blob)), dataKey);
      expect(Buffer.from(plain).toString()).toBe(texts[name]);
    }
    const target = applyDelta(Buffer.from(texts.state), Buffer.from(texts.delta));
    expect(Buffer.concat(target).toString()).toBe(example('target-text'));
  });

  test('is written today as the page shows it, and read as the page says', () => {
    const [base, target] = [canonicalText(example('state-text')), canonicalText(example('target-text'))];
    const shown = bytesOf('delta-2');
    const { diff } = compare(KERNEL, base, target, { paysRatio: Number.POSITIVE_INFINITY });
    expect(Buffer.concat(encodeDelta(diff!))).toEqual(shown);
    expect(applyFormat2(Buffer.from(base.bytes), shown).toString()).toBe(example('target-text'));
    expect(Buffer.concat(applyDelta(base.bytes, shown)).toString()).toBe(example('target-text'));
    expect(PAGE).toContain(`today its contents are these ${shown.length} bytes`);
    // The table goes through the lines in order, each by its first bytes.
    const lines = example('delta-2').split('\n');
    const named = [...PAGE.matchAll(/^\| `((?:[0-9a-f]{2} ?)+)(?:\.\.\.)?` +\|/gm)].map(([, bytes]) =>
      bytes!.trim(),
    );
    expect(named).toHaveLength(lines.length - 3);
    for (const [i, bytes] of named.entries()) expect(lines[i + 3]).toMatch(new RegExp(`^${bytes}`));
  });

  test('has every step between', async () => {
    const { folder, ids } = exampleFolder();
    const header = headerOf(readFileSync(blobPath(folder, ids.state)));
    const { keyId, keyVersion, wrapped } = header.key as Record<'keyId' | 'keyVersion' | 'wrapped', string>;
    const context = { resourceId: String(header.resourceId), chainId: String(header.chainId) };
    const keyring = openKeyring({ dataDir: folder, mayCreate: false, random: systemRandom });
    const dataKey = await keyring.open({ keyId, keyVersion, wrapped }, context);
    expect(Buffer.from(dataKey)).toEqual(bytesOf('data-key'));
    expect(example('associated-data')).toBe(
      JSON.stringify(['data-key', keyId, keyVersion, Object.entries(context).sort()]),
    );
    const keys = deriveKeys(dataKey, Buffer.from(String(header.messageId), 'base64'));
    expect(Buffer.from(keys.cipherKey)).toEqual(bytesOf('state-cipher-key'));
    expect(Buffer.from(keys.macKey)).toEqual(bytesOf('state-mac-key'));
    expect(Buffer.from(keys.commitment)).toEqual(bytesOf('state-commitment'));
    const body = encryptBody(bytesOf('state-gzip'), keys.cipherKey, String(header.iv));
    expect(body).toEqual(bytesOf('state-body'));
    const { header: headerText } = partsOf(readFileSync(blobPath(folder, ids.state)));
    expect(headerText.toString()).toBe(example('state-header'));
  });
});

/** That any served delta means what the page says is proven in delta-property.test.ts. */
test('the served delta is as the page shows it', () => {
  const [base, target] = [canonicalText(example('state-text')), canonicalText(example('target-text'))];
  const shown = /## The served delta[\s\S]*?```json\n([\s\S]*?)\n```/.exec(PAGE)![1]!;
  const { base: from, target: to, ...lists } = JSON.parse(shown);
  const served = JSON.parse(Buffer.concat(serveDelta(KERNEL, base, target).chunks).toString());
  expect(served).toEqual({
    ...lists,
    base: `sha256:${base.checksum}`,
    target: `sha256:${target.checksum}`,
  });
  for (const [short, { checksum }] of [
    [from, base],
    [to, target],
  ])
    expect(`sha256:${checksum.slice(0, 4)}...${checksum.slice(-4)}`).toBe(short);
});

describe('the page names', () => {
  test('every table of the catalog, and the version that it has now', () => {
    const tables = MIGRATIONS.flatMap((sql) =>
      [...sql.matchAll(/CREATE TABLE (\w+)/g)].map(([, name]) => name!),
    );
    const section = /## The data folder[\s\S]*?\n## /.exec(PAGE)![0];
    expect(tables.filter((name) => !section.includes(`\`${name}\``))).toEqual([]);
    expect(/\| catalog +\|[^|]*\| *(\d+)/.exec(PAGE)![1]).toBe(String(MIGRATIONS.length));
  });
});

/** A block of the worked example, by the name behind its language. */
function example(name: string): string {
  const block = new RegExp(`\`\`\`\\w+ ${name}\\n([\\s\\S]*?)\\n\`\`\``).exec(PAGE);
  if (block === null) throw new Error(`the page has no block ${name}`);
  return block[1]!;
}

const bytesOf = (name: string): Buffer => Buffer.from(example(name).replace(/\s/g, ''), 'hex');

/** The example as a data folder. */
function exampleFolder(): { folder: string; ids: { state: string; delta: string } } {
  const folder = dirs.make();
  mkdirSync(folder);
  writeFileSync(join(folder, 'master.key'), `${example('master.key')}\n`, { mode: 0o600 });
  const put = (name: string): string => {
    const header = Buffer.from(example(`${name}-header`));
    const blob = [bytesOf(`${name}-prefix`), header, bytesOf(`${name}-body`), bytesOf(`${name}-tag`)];
    const id = String(JSON.parse(header.toString()).blobId);
    mkdirSync(dirname(blobPath(folder, id)), { recursive: true });
    writeFileSync(blobPath(folder, id), Buffer.concat(blob));
    return id;
  };
  return { folder, ids: { state: put('state'), delta: put('delta') } };
}

const headerAt = (folder: string, record: BackupRecord) =>
  headerOf(readFileSync(blobPath(folder, lastOf(record)[0]!)));

function overwrite(path: string, bytes: Uint8Array | string): void {
  chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}
