// A disk of a few megabytes that a test may fill, or make read-only: a tmpfs in a mount namespace of its own, which needs
// no rights but those of a namespace, and goes with the process that keeps it.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { temporaryFolder } from './server.ts';

export interface SmallDisk {
  /** Where it is, seen by what runs on it. */
  path: string;
  /** What a command has to be put behind to see it. */
  prefix: string[];
  /** Runs a shell command on it. */
  run(command: string): string;
  /** Takes every byte that is left. */
  fill(): void;
  /** Gives back what `fill` took. */
  unfill(): void;
  remove(): void;
}

const isRoot = process.getuid?.() === 0;
/** Without being root one is it in a namespace of users, and in there may mount. */
const UNSHARE = isRoot ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount'];
const ENTER = isRoot ? [] : ['--user', '--preserve-credentials'];

/** Linux only. */
export async function makeSmallDisk(megabytes: number): Promise<SmallDisk> {
  const path = temporaryFolder();
  const script = `mount -t tmpfs -o size=${megabytes}m none '${path}' && echo ready && exec sleep 600`;
  const keeper = spawn(UNSHARE[0]!, [...UNSHARE.slice(1), 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await ready(keeper);
  const prefix = ['nsenter', '--target', String(keeper.pid), '--mount', ...ENTER];
  const run = (command: string): string =>
    execFileSync(prefix[0]!, [...prefix.slice(1), 'sh', '-c', command], { encoding: 'utf8' });
  return {
    path,
    prefix,
    run,
    fill: () => void run(`dd if=/dev/zero of='${path}/fill' bs=4k 2>/dev/null || true`),
    unfill: () => void run(`rm -f '${path}/fill'`),
    remove: () => void keeper.kill('SIGKILL'),
  };
}

async function ready(keeper: ChildProcess): Promise<void> {
  let said = '';
  keeper.stdout!.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  for (let n = 0; n < 250; n++) {
    if (said.includes('ready')) return;
    if (keeper.exitCode !== null) break;
    await wait(20);
  }
  throw new Error('no small disk could be mounted: neither as root nor in a namespace of users');
}
