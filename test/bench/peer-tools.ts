// The programs that the service is compared with, each as a function that backs one version of a file up after the other.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface Peer {
  name: string;
  command: string;
  debianPackage: string;
  /** Also feasible with versions of 100 MB. */
  isForLarge: boolean;
  /** Prepares a store in `folder`, a new one. */
  open(folder: string): PeerStore;
}

export interface PeerStore {
  /** Backs `file` up, which always has the same path; `previous` is a file with the version before. */
  backup(file: string, previous: string | undefined): void;
  /** Makes the store as small as it gets. */
  finish?(): void;
  /** Gives the last version back, as a file inside `folder`. */
  restore?(folder: string): string;
  storedBytes(): number;
}

export const PEERS: Peer[] = [
  { name: 'restic', command: 'restic', debianPackage: 'restic', isForLarge: true, open: openRestic },
  borg('zstd,3', ['-C', 'zstd,3'], true),
  borg('default (lz4)', [], false),
  patches('xdelta3 -3, full gzip -6', 'xdelta3', ['gzip', '-6c'], ['-3', '-e', '-c', '-s'], true),
  patches('xdelta3 -9, full gzip -6', 'xdelta3', ['gzip', '-6c'], ['-9', '-e', '-c', '-s'], false),
  patches(
    'zstd -3 --patch-from',
    'zstd',
    ['zstd', '-3', '-qc'],
    ['-3', '--long=27', '-qc', '--patch-from'],
    true,
  ),
  git('git gc', ['gc', '-q']),
  git('git gc --aggressive', ['gc', '-q', '--aggressive']),
];

/** Whether the peer can be run here. */
export function isPresent({ command }: Peer): boolean {
  return spawnSync('which', [command]).status === 0;
}

function run(command: string, args: readonly string[], options: { cwd?: string; env?: object } = {}): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    maxBuffer: 2 ** 30,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  });
  if (status !== 0)
    throw new Error(`${command} ${args[0]} failed: ${error ?? stderr.toString().slice(-500)}`);
  return stdout;
}

function openRestic(folder: string): PeerStore {
  const repository = join(folder, 'repository');
  const env = {
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: 'bench',
    RESTIC_CACHE_DIR: join(folder, 'cache'),
  };
  run('restic', ['init', '-q'], { env });
  return {
    backup: (file) => void run('restic', ['backup', '-q', file], { env }),
    restore(into) {
      run('restic', ['restore', 'latest', '-q', '--target', into], { env });
      return onlyFile(into);
    },
    storedBytes: () => sum(fileSizes(repository)),
  };
}

function borg(name: string, compression: readonly string[], isForLarge: boolean): Peer {
  const open = (folder: string): PeerStore => {
    const repository = join(folder, 'repository');
    const env = { BORG_PASSPHRASE: 'bench', BORG_BASE_DIR: join(folder, 'home') };
    run('borg', ['init', '-e', 'repokey', repository], { env });
    let count = 0;
    return {
      backup(file) {
        run('borg', ['create', ...compression, `${repository}::v${++count}`, file], { env });
      },
      restore(into) {
        run('borg', ['extract', `${repository}::v${count}`], { env, cwd: into });
        return onlyFile(into);
      },
      storedBytes: () => sum(fileSizes(repository)),
    };
  };
  return { name: `borg ${name}`, command: 'borg', debianPackage: 'borgbackup', isForLarge, open };
}

/** A first version compressed whole, then the difference to the version before. Neither encrypted nor proven. */
function patches(
  name: string,
  command: string,
  whole: readonly string[],
  patch: readonly string[],
  isForLarge: boolean,
): Peer {
  const open = (): PeerStore => {
    let bytes = 0;
    return {
      backup(file, previous) {
        const flagged = patch.at(-1)!.startsWith('--')
          ? [...patch.slice(0, -1), `${patch.at(-1)}=${previous}`]
          : [...patch, previous!];
        const made =
          previous === undefined
            ? run(whole[0]!, [...whole.slice(1), file])
            : run(command, [...flagged, file]);
        bytes += made.length;
      },
      storedBytes: () => bytes,
    };
  };
  return { name, command, debianPackage: command, isForLarge, open };
}

function git(name: string, gc: readonly string[]): Peer {
  const open = (folder: string): PeerStore => {
    const inFolder = { cwd: folder };
    run('git', ['init', '-q'], inFolder);
    const settings = { 'gc.auto': '0', 'user.name': 'bench', 'user.email': 'bench@example.com' };
    for (const [key, value] of Object.entries(settings)) run('git', ['config', key, value], inFolder);
    return {
      backup(file) {
        copyFileSync(file, join(folder, 'data.json'));
        run('git', ['add', 'data.json'], inFolder);
        run('git', ['commit', '-q', '-m', 'version'], inFolder);
      },
      finish: () => void run('git', gc, inFolder),
      storedBytes() {
        const packs = join(folder, '.git', 'objects', 'pack');
        const files = readdirSync(packs).filter((file) => file.endsWith('.pack'));
        return sum(files.map((file) => statSync(join(packs, file)).size));
      },
    };
  };
  return { name, command: 'git', debianPackage: 'git', isForLarge: false, open };
}

/** Downloads versions of an npm package and gives one file of each, from a cache if they are there. Throws if it cannot. */
export function npmVersions(name: string, path: string, count: number, cache: string): Buffer[] {
  mkdirSync(cache, { recursive: true });
  const list = join(cache, 'versions.json');
  let versions: string[];
  try {
    const all = JSON.parse(run('npm', ['view', name, 'versions', '--json']).toString()) as string[];
    versions = all.filter((version) => !version.includes('-')).slice(-count);
    writeFileSync(list, JSON.stringify(versions));
  } catch (error) {
    try {
      versions = JSON.parse(readFileSync(list, 'utf8')) as string[];
    } catch {
      throw error;
    }
  }
  const prefix = name.replace('@', '').replace('/', '-');
  return versions.map((version) => {
    const archive = join(cache, `${prefix}-${version}.tgz`);
    if (!readdirSync(cache).includes(`${prefix}-${version}.tgz`)) {
      run('npm', ['pack', '--silent', '--pack-destination', cache, `${name}@${version}`], {
        cwd: dirname(archive),
      });
    }
    return run('tar', ['-xzOf', archive, `package/${path}`]);
  });
}

/** Sizes of all files in a folder and those inside it. */
export function fileSizes(folder: string): number[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => statSync(join(folder, String(name))))
    .filter((stats) => stats.isFile())
    .map((stats) => stats.size);
}

function onlyFile(folder: string): string {
  const files = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return files.find((file) => statSync(file).isFile())!;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
