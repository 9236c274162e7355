// Writes the trail and publishes what stands in it: the only one that can do either. Called by the table's stream within
// seconds of a commit, and every minute by a schedule, for what the stream has not told.

import type { Context, DynamoDBStreamEvent } from 'aws-lambda';
import { eventBridgeSink, openHome } from '../lib/aws/home.ts';
import { AWS_BOUNDS } from '../lib/aws/names/bounds.ts';
import { TRAIL_TASK } from '../lib/aws/names/upkeep.ts';
import { trailTasks } from '../lib/aws/trail-tasks.ts';
import { createUpkeep } from '../lib/service/upkeep/runner.ts';

const home = openHome(process.env, { events: eventBridgeSink });
const { deps, log, meter, records } = home;
const upkeep = createUpkeep({ clock: deps.clock, log, meter, records }, trailTasks(home));

export async function handler(
  event: { task: string } | DynamoDBStreamEvent,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  // What the stream tells is only that something was committed: what, and whether it still waits, the table says.
  if (!('Records' in event) && event.task !== TRAIL_TASK) {
    throw new Error(`there is no task ${JSON.stringify(event.task)}`);
  }
  return upkeep.run(TRAIL_TASK, context.getRemainingTimeInMillis() - AWS_BOUNDS.trailMarginMs);
}
