// What accidents do to a data folder while nobody has it open.

import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Random } from '../../e2e/random.ts';

const BLOB = /^[0-9a-f]{32}$/;

/** The files of all blobs, in order of their names. */
export function blobFiles(folder: string): string[] {
  const root = join(folder, 'blobs');
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => statSync(join(root, name)).isDirectory())
    .flatMap((shard) => readdirSync(join(root, shard)).map((name) => ({ shard, name })))
    .filter(({ name }) => BLOB.test(name))
    .map(({ shard, name }) => join(root, shard, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}

function catalogFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('catalog.sqlite'))
    .sort()
    .map((name) => join(folder, name));
}

function flipBit(path: string, random: Random): void {
  const bytes = readFileSync(path);
  if (bytes.length === 0) return;
  const at = random.int(bytes.length);
  bytes[at] = bytes[at]! ^ (1 << random.int(8));
  writeFileSync(path, bytes);
}

/** An accident. False if there was nothing for it to happen to. */
export type Accident = (folder: string, random: Random, saved: Saved) => boolean;

/** Copies made earlier: of this very folder, and of another store's. */
export interface Saved {
  earlier?: string;
  foreign?: string;
}

function replaceCatalog(folder: string, from: string): void {
  for (const path of catalogFiles(folder)) rmSync(path);
  for (const path of catalogFiles(from)) cpSync(path, join(folder, path.slice(from.length + 1)));
}

function replaceTrail(folder: string, from: string): void {
  rmSync(join(folder, 'trail'), { recursive: true });
  cpSync(join(from, 'trail'), join(folder, 'trail'), { recursive: true });
}

/** Puts what lies at the places of these blobs into others of them. */
function exchange(files: readonly string[], random: Random): void {
  const shuffled = random.shuffle(files);
  for (const path of files) renameSync(path, `${path}.aside`);
  for (const [i, path] of files.entries()) renameSync(`${path}.aside`, shuffled[i]!);
}

function replaceBlobs(folder: string, from: string): void {
  rmSync(join(folder, 'blobs'), { recursive: true });
  cpSync(join(from, 'blobs'), join(folder, 'blobs'), { recursive: true });
}

const onBlob =
  (harm: (path: string, random: Random) => void): Accident =>
  (folder, random) => {
    const files = blobFiles(folder);
    if (files.length === 0) return false;
    harm(random.pick(files), random);
    return true;
  };

/** What happens to a file of the catalog, if it is there. */
const onFile =
  (name: string, harm: (path: string, random: Random) => void): Accident =>
  (folder, random) => {
    const path = join(folder, name);
    if (!existsSync(path) || statSync(path).size === 0) return false;
    harm(path, random);
    return true;
  };

export const ACCIDENTS: Readonly<Record<string, Accident>> = {
  'catalog removed': (folder) => {
    for (const path of catalogFiles(folder)) rmSync(path);
    return true;
  },
  'catalog emptied': onFile('catalog.sqlite', (path) => {
    truncateSync(path, 0);
    rmSync(`${path}-wal`, { force: true });
  }),
  'catalog cut': onFile('catalog.sqlite', (path, random) =>
    truncateSync(path, random.int(statSync(path).size)),
  ),
  'bit of the catalog flipped': onFile('catalog.sqlite', flipBit),
  'wal removed': onFile('catalog.sqlite-wal', (path) => rmSync(path)),
  'wal cut': onFile('catalog.sqlite-wal', (path, random) =>
    truncateSync(path, random.int(statSync(path).size)),
  ),
  'bit of the wal flipped': onFile('catalog.sqlite-wal', flipBit),
  'catalog rolled back': (folder, _random, { earlier }) => {
    if (earlier === undefined) return false;
    replaceCatalog(folder, earlier);
    return true;
  },
  'blobs rolled back': (folder, _random, { earlier }) => {
    if (earlier === undefined) return false;
    replaceBlobs(folder, earlier);
    return true;
  },
  'catalog of another store': (folder, _random, { foreign }) => {
    if (foreign === undefined) return false;
    replaceCatalog(folder, foreign);
    return true;
  },
  'bit of a blob flipped': onBlob(flipBit),
  'blob cut': onBlob((path, random) => truncateSync(path, random.int(statSync(path).size + 1))),
  'blob removed': onBlob((path) => rmSync(path)),
  'folder in the place of a blob': onBlob((path) => {
    rmSync(path);
    mkdirSync(path);
  }),
  'two blobs exchanged': (folder, random) => {
    const files = blobFiles(folder);
    if (files.length < 2) return false;
    const [a, b] = random.shuffle(files).slice(0, 2) as [string, string];
    renameSync(a, `${a}.aside`);
    renameSync(b, a);
    renameSync(`${a}.aside`, b);
    return true;
  },
  'all blobs exchanged': (folder, random) => {
    exchange(blobFiles(folder), random);
    return true;
  },
  'trail removed': (folder) => {
    rmSync(join(folder, 'trail'), { recursive: true });
    return true;
  },
  'bit of the trail flipped': (folder, random) => {
    const names = readdirSync(join(folder, 'trail')).sort();
    flipBit(join(folder, 'trail', random.pick(names)), random);
    return true;
  },
  'trail rolled back': (folder, _random, { earlier }) => {
    if (earlier === undefined) return false;
    replaceTrail(folder, earlier);
    return true;
  },
  'catalog and trail rolled back': (folder, _random, { earlier }) => {
    if (earlier === undefined) return false;
    replaceCatalog(folder, earlier);
    replaceTrail(folder, earlier);
    return true;
  },
};
