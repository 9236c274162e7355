// A function that serves its share of the API: what `backups` and `restores` have in common.

import { createApi } from '../http/server/api.ts';
import { createService } from '../service/service.ts';
import { VERSION } from '../version.ts';
import { createGatewayHandler, type GatewayHandler } from './gateway/gateway.ts';
import { addressOf, type GatewayEvent, identityOf } from './gateway/gateway-event.ts';
import type { Home } from './home.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { type ApiFunction, servedBy } from './names/served-by.ts';

/** The handler that serves the operations of one function. */
export function serveApi({ config, deps, log }: Home, name: ApiFunction): GatewayHandler {
  const api = createApi({
    service: createService(deps),
    auth: {
      identify: (platform) => identityOf((platform as { event: GatewayEvent }).event, config.auth),
      door: config.auth,
    },
    addressOf: (platform) => addressOf((platform as { event: GatewayEvent }).event),
    version: VERSION,
    log,
    random: deps.random,
    kernel: deps.kernel,
    limits: { bodyBytesMax: AWS_BOUNDS.bodyBytesMax },
    serves: servedBy(name),
    basePath: config.basePath,
  });
  return createGatewayHandler(api);
}
