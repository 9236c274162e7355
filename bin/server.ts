// The embedded service: `npm start`.

import { type HttpBindings, serve } from '@hono/node-server';
import { passing } from '../lib/core/chunks.ts';
import { readConfig } from '../lib/embedded/config.ts';
import { openHome } from '../lib/embedded/home.ts';
import { createApi } from '../lib/http/api.ts';
import { createLogger } from '../lib/log.ts';
import { VERSION } from '../lib/version.ts';

/** Requests under way have that long to end once the service is told to stop. */
const DRAIN_MS = 30_000;
/** How soon connections are closed whose last answer is out. */
const IDLE_EVERY_MS = 50;
/** A large state may take a while to arrive. */
const REQUEST_TIMEOUT_MS = 15 * 60_000;
/** Longer than clients and load balancers usually keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;

const log = createLogger((line) => process.stdout.write(`${line}\n`));

try {
  await main();
} catch (error) {
  log.error('cannot start', { reason: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const textWorker = new URL('../lib/embedded/text-worker.ts', import.meta.url);
  const home = await openHome({ ...config, textWorker }, log);
  const api = createApi({
    service: home.service,
    auth: config.token === undefined ? {} : { token: config.token },
    version: VERSION,
    log,
    limits: { bodyBytesMax: config.bodyBytesMax },
    uploads: home.uploads,
    scratch: home.scratch,
    // A web stream would cost a small request more than all its other parts; and whoever stops reading must not hang up.
    bodyOf: (env) => passing((env as HttpBindings).incoming.iterator({ destroyOnReturn: false })),
  });
  const server = serve(
    {
      fetch: api.fetch,
      port: config.port,
      hostname: config.host,
      serverOptions: { requestTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    },
    ({ address, port }) =>
      log.info('listening', { address, port, dataDir: config.dataDir, version: VERSION }),
  );
  server.on('error', (error) => {
    log.error('cannot listen', { reason: error.message });
    void home.close().finally(() => process.exit(1));
  });

  const stop = async (signal: string): Promise<void> => {
    log.info('stopping', { signal });
    const drained = new Promise<void>((resolve) => server.close(() => resolve()));
    // Kept alive, a connection is idle only once its answer is out.
    const closeIdle = (): void => {
      if ('closeIdleConnections' in server) server.closeIdleConnections();
    };
    closeIdle();
    const idle = setInterval(closeIdle, IDLE_EVERY_MS);
    const late = setTimeout(() => {
      log.warn('requests were still under way', { afterMs: DRAIN_MS });
      if ('closeAllConnections' in server) server.closeAllConnections();
    }, DRAIN_MS);
    await drained;
    clearTimeout(late);
    clearInterval(idle);
    await home.close();
    log.info('stopped');
  };
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // The second time they mean it: what is under way is not acknowledged, so nothing is lost.
      if (stopping) process.exit(1);
      stopping = true;
      void stop(signal);
    });
  }
}
