// The embedded service: `npm start`.

import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../lib/embedded/config.ts';
import { openHome } from '../lib/embedded/home.ts';
import { createLineWriter } from '../lib/embedded/process/line-writer.ts';
import { supervise } from '../lib/embedded/process/supervise.ts';
import { readyLine } from '../lib/embedded/ready-line.ts';
import { createConsole } from '../lib/embedded/server/console.ts';
import {
  addressOfIncoming,
  bodyOfIncoming,
  createHttpServer,
  listen,
} from '../lib/embedded/server/http-server.ts';
import { startFailure } from '../lib/embedded/start/start-failure.ts';
import { hasTokens } from '../lib/embedded/tokens/token-file.ts';
import { createApi } from '../lib/http/server/api.ts';
import { createLogger } from '../lib/log.ts';
import { systemRandom } from '../lib/random.ts';
import { VERSION } from '../lib/version.ts';

const writeLine = createLineWriter();
const log = createLogger(writeLine);
const isTerminal = isatty(1);
/** The program of the threads: beside this one once all is bundled. */
const TEXT_WORKER = import.meta.url.endsWith('.ts')
  ? '../lib/embedded/process/text-worker.ts'
  : './text-worker.mjs';

/** What the console is built into, from here. */
const CONSOLE = import.meta.url.endsWith('.ts') ? '../dist/console/' : './console/';

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
  let relieve = (): void => {};
  const onFull = () => relieve();
  const home = await openHome({ ...config, textWorker: new URL(TEXT_WORKER, import.meta.url), onFull }, log);
  // Without a token the name is all that tells a caller on this machine from a page in its browser.
  const access = {
    checksHost: config.token === undefined || config.allowedHosts.length > 0,
    allowedHosts: config.allowedHosts,
  };
  const api = createApi({
    service: home.service,
    auth: { tokens: home.tokens, ...(config.token === undefined ? {} : { token: config.token }) },
    access,
    version: VERSION,
    log,
    random: systemRandom,
    kernel: home.kernel,
    limits: { bodyBytesMax: config.bodyBytesMax },
    uploads: home.uploads,
    scratch: home.scratch,
    bodyOf: bodyOfIncoming,
    addressOf: addressOfIncoming,
    onFull,
  });
  const pages = createConsole({ folder: fileURLToPath(new URL(CONSOLE, import.meta.url)), access, log });
  const http = createHttpServer({
    fetch: (request, env) => pages(request) ?? api.fetch(request, env),
    log,
    random: systemRandom,
  });
  relieve = http.relieve;
  stop = async () => {
    home.stop();
    await http.drain();
    await home.close();
  };
  try {
    const { address, port } = await listen(http, config);
    if (isTerminal) writeLine(readyLine(config, port));
    log.info('listening', { address, port, dataDir: config.dataDir, version: VERSION });
  } catch (error) {
    await home.close();
    throw error;
  }
}

/** One line says why; whatever may still be open is left to the end of the process. */
function refuseToStart(reason: string): never {
  log.error('cannot start', { reason });
  process.exit(1);
}
