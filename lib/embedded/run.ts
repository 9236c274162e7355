// The service on one machine, from its settings to where it listens.

import { createApi } from '../http/server/api.ts';
import { createConsole } from '../http/server/console.ts';
import type { Logger } from '../log.ts';
import { systemRandom } from '../random.ts';
import { VERSION } from '../version.ts';
import type { EmbeddedConfig } from './config.ts';
import { openHome } from './home.ts';
import { addressOfIncoming, bodyOfIncoming, createHttpServer, listen } from './server/http-server.ts';

/** What lies beside the program: elsewhere in the source than once all is bundled. */
export interface Places {
  /** The program of the threads. */
  textWorker: URL;
  /** The folder of the console's files. */
  console: string;
}

export interface Running {
  address: string;
  port: number;
  /** Takes no more requests, lets those under way end, and frees the folder. */
  stop(): Promise<void>;
}

/** Opens the data folder and listens. Throws what `openHome` throws, and Node's error of a port that cannot be had. */
export async function run(config: EmbeddedConfig, log: Logger, places: Places): Promise<Running> {
  let relieve = (): void => {};
  const onFull = () => relieve();
  const home = await openHome({ ...config, textWorker: places.textWorker, onFull }, log);
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
    meter: home.meter,
    readMetrics: home.readMetrics,
    scratch: home.scratch,
    bodyOf: bodyOfIncoming,
    addressOf: addressOfIncoming,
    onFull,
  });
  const pages = createConsole({ folder: places.console, access, log });
  const http = createHttpServer({
    fetch: (request, env) => pages(request) ?? api.fetch(request, env),
    log,
    random: systemRandom,
  });
  relieve = http.relieve;
  try {
    const { address, port } = await listen(http, config);
    log.info('listening', { address, port, dataDir: config.dataDir, version: VERSION });
    return {
      address,
      port,
      async stop() {
        home.stop();
        await http.drain();
        await home.close();
      },
    };
  } catch (error) {
    await home.close();
    throw error;
  }
}
