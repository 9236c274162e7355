// The embedded service: `npm start`.

import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../lib/embedded/config.ts';
import { createLineWriter } from '../lib/embedded/process/line-writer.ts';
import { supervise } from '../lib/embedded/process/supervise.ts';
import { readyLine } from '../lib/embedded/ready-line.ts';
import { run } from '../lib/embedded/run.ts';
import { startFailure } from '../lib/embedded/start/start-failure.ts';
import { hasTokens } from '../lib/embedded/tokens/token-file.ts';
import { createLogger } from '../lib/log.ts';

const writeLine = createLineWriter();
const log = createLogger(writeLine);
const isSource = import.meta.url.endsWith('.ts');
/** Beside this program once all is bundled. */
const PLACES = {
  textWorker: new URL(
    isSource ? '../lib/embedded/process/text-worker.ts' : './text-worker.mjs',
    import.meta.url,
  ),
  console: fileURLToPath(new URL(isSource ? '../dist/console/' : './console/', import.meta.url)),
};

try {
  const config = readConfig(process.env, hasTokens);
  try {
    await main(config);
  } catch (error) {
    refuseToStart(startFailure(error, config));
  }
} catch (error) {
  refuseToStart(error instanceof Error ? error.message : String(error));
}

async function main(config: ReturnType<typeof readConfig>): Promise<void> {
  // As long as it has not begun there is nothing to end.
  let stop = async (): Promise<void> => {};
  supervise(log, () => stop());
  const running = await run(config, log, PLACES);
  stop = running.stop;
  if (isatty(1)) writeLine(readyLine(config, running.port));
}

/** One line says why; whatever may still be open is left to the end of the process. */
function refuseToStart(reason: string): never {
  log.error('cannot start', { reason });
  process.exit(1);
}
