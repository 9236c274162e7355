// Writes the trail and publishes what stands in it: the only one that can do either. Called by the table's stream within
// seconds of a commit, and every minute by a schedule, for what the stream has not told.

import { setTimeout as delay } from 'node:timers/promises';
import { eventBridgeSink, openHome } from '../lib/aws/home.ts';
import { createTrailHandler, trailTasks } from '../lib/aws/trail-tasks.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, { events: eventBridgeSink });
const { deps, log, meter, records } = home;
const upkeep = createUpkeep({ clock: deps.clock, log, meter, records }, trailTasks(home));

export const handler = createTrailHandler(upkeep, delay);
