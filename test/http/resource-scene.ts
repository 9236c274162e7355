// A service with a clock that the test holds, and what stands under a resource over HTTP.

import { adminOf } from '../../lib/core/records/access.ts';
import { silentLogger } from '../../lib/log.ts';
import { createWorld } from '../service/world.ts';
import { createCheckedApi } from './checked-api.ts';

export function createScene(resourceId = 'shop', replace?: Parameters<typeof createWorld>[0]) {
  const world = createWorld(replace);
  const app = createCheckedApi({
    service: world.service,
    auth: { identify: () => adminOf('ann') },
    version: '1',
    log: silentLogger,
    now: world.clock.now,
  });
  const path = `/resources/${encodeURIComponent(resourceId)}`;
  const get = (rest: string, headers: Record<string, string> = {}, method = 'GET') =>
    app.request(`${path}${rest}`, { method, headers });
  return { world, app, get };
}
