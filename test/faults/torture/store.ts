// A data folder and the service on it, in this process: opened, killed, broken, mended and opened again.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskName } from '../../../lib/core/records/upkeep.ts';
import { readConfig } from '../../../lib/embedded/config.ts';
import { type Home, openHome } from '../../../lib/embedded/home.ts';
import { createLogger } from '../../../lib/log.ts';
import type { Random } from '../../../lib/ports/random.ts';
import { systemRandom } from '../../../lib/random.ts';
import { createCheckedApi } from '../../http/checked-api.ts';

export interface Reply {
  status: number;
  text: string;
}

/** The clocks of a sequence: what the service sees, and what really passes. */
export interface Clocks {
  wall: number;
  monotonic: number;
}

export interface Opened {
  call(method: string, path: string, body?: string): Promise<Reply>;
  /** Lines of the log so far. */
  lines: string[];
  sweep(): Promise<void>;
  findOrphans(): Promise<void>;
  /** What the home does by itself, done now. What fails is logged, as it is there. */
  run(...names: TaskName[]): Promise<void>;
  close(): Promise<void>;
}

const DAY_SECONDS = 86_400;

export interface StoreOptions {
  root?: string;
  env?: Record<string, string>;
  /** Nothing is done by timers, only what `run` names. */
  isDriven?: boolean;
  /** What the service draws from; otherwise the machine. */
  random?: Random;
}

/** Opens the folder. Throws what a start throws. */
export async function openStore(
  folder: string,
  clocks: Clocks,
  { env = {}, isDriven = false, random = systemRandom }: StoreOptions = {},
): Promise<Opened> {
  const lines: string[] = [];
  const log = createLogger((line) => lines.push(line));
  const config = readConfig({
    BACKUP_DATA_DIR: folder,
    // Swept when the torture says so, and by no timer.
    BACKUP_RETENTION_INTERVAL_SECONDS: String(DAY_SECONDS),
    ...env,
  });
  const passed = () => clocks.monotonic;
  // Where timers run, what lasts as long as it lasts: only what the wall clock is held to is the test's.
  const monotonic = isDriven ? passed : () => performance.now();
  const clock = { now: () => clocks.wall, monotonic, elapsed: passed };
  const home: Home = await openHome({ ...config, clock, random, isDriven }, log);
  const api = createCheckedApi({
    service: home.service,
    auth: {},
    version: 'torture',
    log,
    random,
    kernel: home.kernel,
    limits: {},
    uploads: home.uploads,
    meter: home.meter,
    readMetrics: home.readMetrics,
    scratch: home.scratch,
    now: clock.now,
  });
  return {
    lines,
    async call(method, path, body) {
      const response = await api.request(`http://localhost${path}`, {
        method,
        headers: { host: 'localhost', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    },
    sweep: () => home.run('sweep'),
    findOrphans: () => home.run('orphans'),
    async run(...names) {
      for (const name of names) {
        await home.run(name).catch((error: unknown) => log.error(`${name} failed`, { error }));
      }
    },
    close: () => home.close(),
  };
}

/** What a kill -9 leaves: the folder as it lies there at this moment, the service still on it. */
export function crashImage(folder: string, root: string): string {
  const image = mkdtempSync(join(root, 'image-'));
  cpSync(folder, image, { recursive: true });
  return image;
}

export function newRoot(parent = tmpdir()): { root: string; remove(): void } {
  const root = mkdtempSync(join(parent, 'backup-torture-'));
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}
