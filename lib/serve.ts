// The entry of the package: the service within somebody else's process.

import { fileURLToPath } from 'node:url';
import { readConfig } from './embedded/config.ts';
import { run } from './embedded/run.ts';
import { hasTokens } from './embedded/tokens/token-file.ts';
import { createLogger } from './log.ts';

/** As docs/settings.md names them: `PORT`, `HOST`, `BACKUP_DATA_DIR`, `BACKUP_API_TOKEN` and the others. */
export type Settings = Record<string, string | undefined>;

export interface ServeOptions {
  /** Given each line of the log, JSON without a line's end. Without it there is no log. */
  onLog?: (line: string) => void;
}

export interface Service {
  /** Where it listens: `http://127.0.0.1:3004`. */
  url: string;
  port: number;
  /** Takes no more requests, lets those under way end, and frees the data folder. */
  close(): Promise<void>;
}

const isSource = import.meta.url.endsWith('.ts');
const PLACES = {
  textWorker: new URL(isSource ? './embedded/process/text-worker.ts' : './text-worker.mjs', import.meta.url),
  console: fileURLToPath(new URL(isSource ? '../dist/console/' : './console/', import.meta.url)),
};

/**
 * Runs the service in this process, on Node 24 or newer. The environment is not looked at, and signals are left to the process: `close` before it
 * ends. Throws an Error for settings that are not valid, a port that is taken, and a data folder that another process has or that cannot be opened.
 */
export async function serve(
  settings: Settings = {},
  { onLog = () => {} }: ServeOptions = {},
): Promise<Service> {
  const config = readConfig(settings, hasTokens);
  const { address, port, stop } = await run(config, createLogger(onLog), PLACES);
  const host = address.includes(':') ? `[${address}]` : address;
  return { url: `http://${host}:${port}`, port, close: stop };
}
