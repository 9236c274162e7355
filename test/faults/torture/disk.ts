// The disk that a torture runs on: one of its own in memory, so that it can be filled, and no flush waits for a real one.

import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Disk {
  path: string;
  /** Leaves not a byte free. */
  fill(): void;
  unfill(): void;
}

const MEGABYTES = 64;
const IN_NAMESPACE = 'TORTURE_IN_NAMESPACE';

/**
 * Runs this program again where it may mount a disk that goes away with it: in a mount namespace of its own, as root or as
 * root of a namespace of users. Gives its exit code; or why it cannot, or undefined if this is that run already.
 */
export function runWhereDisksMount(): { code: number } | { reason: string } | undefined {
  if (process.env[IN_NAMESPACE] !== undefined) return undefined;
  const unshare = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];
  const probe = spawnSync('unshare', [...unshare, 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], {
    encoding: 'utf8',
  });
  if (probe.status !== 0) return { reason: (probe.stderr || String(probe.error ?? 'unshare failed')).trim() };
  const { status } = spawnSync(
    'unshare',
    [...unshare, process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    { stdio: 'inherit', env: { ...process.env, [IN_NAMESPACE]: '1' } },
  );
  return { code: status ?? 1 };
}

/** Mounts the disk. Only where `runWhereDisksMount` has brought us. */
export function mountDisk(): Disk {
  const path = mkdtempSync(join(tmpdir(), 'backup-torture-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${MEGABYTES}m`, 'none', path]);
  const resize = (bytes: number): void =>
    void execFileSync('mount', ['-o', `remount,size=${bytes}`, path], { stdio: 'pipe' });
  process.on('exit', () => {
    execFileSync('umount', ['--lazy', path]);
    rmSync(path, { recursive: true });
  });
  return {
    path,
    fill() {
      const { blocks, bfree, bsize } = statfsSync(path);
      resize((blocks - bfree) * bsize);
    },
    unfill: () => resize(MEGABYTES * 1024 * 1024),
  };
}

/** Where folders lie if no disk can be mounted: in memory if there is such a disk. */
export function fastFolder(): string {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}
