// A service with a source that a test holds in its hand, and schedules on it.

import type { SourceSpec } from '../../../lib/core/records/source.ts';
import type { ScheduleSpec } from '../../../lib/core/schedule/records.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import type { Source, Sources } from '../../../lib/ports/source.ts';
import type { Deps } from '../../../lib/service/contract/deps.ts';
import { createTick, type Ticked } from '../../../lib/service/schedules/tick.ts';
import { workRuns } from '../../../lib/service/schedules/worker.ts';
import { createWorld } from '../world.ts';

export const BY = { actor: 'tester' };
export const PLACE: SourceSpec = { kind: 'file', path: '/srv/orders.json' };
export const NIGHTLY: ScheduleSpec = {
  ...{ sourceId: 'orders-file', resourceId: 'orders', resourceType: 'file' },
  ...{ when: '30 2 * * *', zone: 'Europe/Berlin', jitterSeconds: 0, catchUp: 'one' },
  ...{ type: 'incremental', retentionDays: 30, tags: {}, ifChanged: true, drillEvery: 0 },
};

/** What stands at the source, and what it does when it is asked. */
export interface Held {
  text: string;
  mark?: string;
  /** Thrown by the next reads, one each. */
  failures: unknown[];
  reads: { known: string | undefined }[];
  /** Called between two chunks. */
  onRead?: () => Promise<void>;
}

function sourceOver(held: Held): Source {
  return {
    async check() {
      const [failure] = held.failures.splice(0, 1);
      if (failure !== undefined) throw failure;
      return { detail: 'a file', warnings: [] };
    },
    async read(_signal, known) {
      held.reads.push({ known });
      const [failure] = held.failures.splice(0, 1);
      if (failure !== undefined) throw failure;
      if (known !== undefined && known === held.mark) return 'unchanged';
      const bytes = new TextEncoder().encode(held.text);
      const chunks = async function* () {
        yield bytes.subarray(0, 3);
        await held.onRead?.();
        yield bytes.subarray(3);
      };
      return { chunks: chunks(), warnings: [], ...(held.mark === undefined ? {} : { mark: held.mark }) };
    },
  };
}

export function createScheduled(replace: (deps: Deps) => Partial<Deps> = () => ({})) {
  const held: Held = { text: '{"rows":{"1":{"a":1},"2":{"a":2}}}', failures: [], reads: [] };
  const sources: Sources = {
    async open({ kind }) {
      if (kind !== 'file') throw new PortError('denied', `sources of kind ${kind} are not opened here`);
      return sourceOver(held);
    },
  };
  const world = createWorld((deps) => ({ sources, ...replace({ ...deps, sources }) }));
  const { deps, service, clock } = world;
  const tick = createTick(deps);
  return {
    ...world,
    held,
    tick,
    /** Another process, that has looked at nothing yet. */
    otherTick: (): (() => Promise<Ticked>) => createTick(deps),
    work: () => workRuns(deps, Number.MAX_SAFE_INTEGER),
    async begin(changes: Partial<ScheduleSpec> = {}) {
      await service.putSource('orders-file', PLACE, BY);
      return service.putSchedule('nightly', { ...NIGHTLY, ...changes }, BY);
    },
    /** To that instant, and a look, and all that it has queued. */
    async at(instant: string | number): Promise<Ticked> {
      const wanted = typeof instant === 'number' ? instant : Date.parse(instant);
      clock.advance(wanted - clock.now());
      const ticked = await tick();
      await workRuns(deps, Number.MAX_SAFE_INTEGER);
      return ticked;
    },
    async runs() {
      return (await service.listRuns({ limit: 100 })).items;
    },
    async backups() {
      return (await service.listBackups({ limit: 100, resourceId: 'orders' })).items;
    },
    async events(action: string) {
      return (await service.listEvents({ limit: 100, action })).items;
    },
  };
}
