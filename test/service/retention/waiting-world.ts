// A world in which expiry waits, what happens in it, and what can be seen of it.

import { expect } from '@jest/globals';
import { createClockWatch, lookAtClock } from '../../../lib/service/kit/clock-watch.ts';
import { sweep } from '../../../lib/service/retention/sweep.ts';
import { createWorld, DAY, inputOf, type World } from '../world.ts';

export const CALLER = { actor: 'tester' };
export const HOUR = 3_600_000;
export const days = (retentionDays: number) => ({
  metadata: { ...inputOf('db', '1').metadata, retentionDays },
});

/** A world in which expiry waits for a day, and whose clock has been looked at. */
export async function createWaitingWorld(): Promise<World> {
  const world = createWorld(({ options }) => ({ options: { ...options, expiryHoldMs: DAY } }));
  await lookAtClock(world.deps);
  return world;
}

/** Time passes with somebody looking, as in a service that runs. */
export async function live({ clock, deps }: World, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= HOUR) {
    clock.advance(Math.min(left, HOUR));
    await lookAtClock(deps);
  }
}

/** The same clock and store under a new process. */
export function restarted(world: World): void {
  world.deps.clockWatch = createClockWatch(world.clock);
}

export const set = ({ clock }: World, byMs: number): void => clock.set(clock.now() + byMs);
export const liveIds = async ({ service }: World): Promise<string[]> =>
  (await service.listBackups({ limit: 1000 })).items.map(({ id }) => id);
export const notices = async ({ service }: World) =>
  (await service.checkHealth()).notices.map(({ code }) => code);
export const actions = async ({ deps }: World): Promise<string[]> =>
  (await deps.catalog.listEvents({ limit: 100 })).items.map(({ action }) => action);

/** What the plan says goes is what the sweep hides, and nothing else. */
export async function expectPlanned(world: World): Promise<void> {
  const before = new Set(await liveIds(world));
  const { items } = await world.service.planRetention({ limit: 1000 });
  const drops = items.filter(({ action }) => action === 'drop').map(({ backupId }) => backupId);
  await sweep(world.deps);
  const after = new Set(await liveIds(world));
  expect([...before].filter((id) => !after.has(id)).sort()).toEqual(drops.sort());
}
