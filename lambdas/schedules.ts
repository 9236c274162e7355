// Decides what of the schedules is due, reads sources and makes backups of what they have: the only function that reads secrets. Called every
// minute by a schedule, and by the API to try a source.

import { openHome, temporaryScratch } from '../lib/aws/home.ts';
import { serveApi } from '../lib/aws/http-function.ts';
import { createScheduleHandler, scheduleTasks } from '../lib/aws/schedule-tasks.ts';
import { openSources } from '../lib/aws/sources.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, {
  sources: ({ sourcePrivateHosts }) => openSources(process.env, sourcePrivateHosts),
  scratch: temporaryScratch,
});
const { deps, log, meter, records } = home;
const upkeep = createUpkeep({ clock: deps.clock, log, meter, records }, scheduleTasks(home));

export const handler = createScheduleHandler(upkeep, serveApi(home, 'schedules'));
