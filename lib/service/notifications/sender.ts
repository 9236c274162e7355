// Sends what is due: of each channel and resource one after another, of each channel a few at once, and no channel waits for another.

import type { Delivery } from '../../core/records/delivery.ts';
import type { DocumentRecord } from '../../core/records/document.ts';
import { hasCode } from '../../core/records/errors.ts';
import { PortError } from '../../ports/errors.ts';
import { deliver, type SenderDeps } from './deliver.ts';

export interface Sender {
  /** Begins what is due and has room, without waiting for what comes of it. Resolves with how many lanes it has set going. Throws PortError from the catalog. */
  begin(): Promise<number>;
  /** Resolves once nothing is being sent. */
  idle(): Promise<void>;
}

/** At once: of one channel, so that a slow receiver is not given all there is; of all channels. */
const EACH_MAX = 8;
const ALL_MAX = 128;
const PAGE = 500;
/** Looked at in one go: a receiver with many waiting must not keep us from all else. The next look goes on there. */
const LOOKED_AT_MAX = 2000;

export function createSender(deps: SenderDeps): Sender {
  const { catalog, clock, log } = deps;
  /** Deliveries whose lanes are being worked on, by channel. */
  const busy = new Map<string, Set<string>>();
  const running = new Set<Promise<void>>();
  /** Until when a receiver has asked to be left alone. */
  const heldUntil = new Map<string, number>();
  let cursor: string | undefined;
  let beginning: Promise<number> | undefined;
  /** Whether something was due that had no room. */
  let isMore = false;

  async function lane(id: string, channelId: string): Promise<void> {
    const own = busy.get(channelId) ?? new Set();
    busy.set(channelId, own);
    own.add(id);
    try {
      let next: string | undefined = id;
      while (next !== undefined && deps.isStopping?.() !== true && !isHeld(channelId)) {
        const done = await deliver(deps, next);
        if (done.holdUntil !== undefined) heldUntil.set(channelId, done.holdUntil);
        next = done.next;
      }
    } catch (error) {
      // It is due again when its lease is over: nothing of it is lost.
      const isRace = hasCode(error, 'write_conflict');
      if (!isRace && deps.isStopping?.() !== true)
        log.warn('a delivery was interrupted', { delivery: id, error });
    } finally {
      own.delete(id);
      if (own.size === 0) busy.delete(channelId);
    }
  }

  function isHeld(channelId: string): boolean {
    const until = heldUntil.get(channelId) ?? 0;
    if (until > clock.now()) return true;
    heldUntil.delete(channelId);
    return false;
  }

  function tryToBegin({ id, body }: DocumentRecord): boolean {
    const { channelId } = body as Delivery;
    const own = busy.get(channelId);
    if (own?.has(id) === true || isHeld(channelId)) return false;
    if ((own?.size ?? 0) >= EACH_MAX || running.size >= ALL_MAX) {
      isMore = true;
      return false;
    }
    const work = lane(id, channelId).finally(() => {
      running.delete(work);
      // Room again: nobody has to wait for the next look.
      if (isMore) void begin().catch((error: unknown) => log.warn('what is due cannot be read', { error }));
    });
    running.add(work);
    return true;
  }

  async function look(): Promise<number> {
    isMore = false;
    let begun = 0;
    for (let seen = 0; seen < LOOKED_AT_MAX && running.size < ALL_MAX; ) {
      const page = await readPage();
      for (const record of page.items) if (tryToBegin(record)) begun++;
      seen += page.items.length;
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    return begun;
  }

  async function readPage() {
    const asked = { collection: 'delivery', before: clock.now(), limit: PAGE } as const;
    try {
      return await catalog.dueDocuments({ ...asked, ...(cursor === undefined ? {} : { cursor }) });
    } catch (error) {
      // Where it has stopped may be gone.
      if (!(error instanceof PortError && error.code === 'not_found')) throw error;
      cursor = undefined;
      return catalog.dueDocuments(asked);
    }
  }

  function begin(): Promise<number> {
    if (deps.isStopping?.() === true) return Promise.resolve(0);
    beginning ??= look().finally(() => {
      beginning = undefined;
    });
    return beginning;
  }

  return {
    begin,
    async idle() {
      while (running.size > 0 || beginning !== undefined) {
        await Promise.all([...running, beginning]);
      }
    },
  };
}
