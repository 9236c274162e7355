// A test of a channel: sent by the way of all that is told, and what came of it.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { outcomeOf } from '../app/channels.ts';
import { client, serviceNow } from '../app/session.ts';
import { number, span } from '../app/words.ts';
import { Failure, Notice } from '../parts/common.tsx';

const LOOK_MS = 400;
const LOOKS_MAX = 60;
/** So many looks later what has no time waits behind another. */
const BEHIND_LOOKS = 5;

interface Told {
  id: string;
  delivery?: Answer<'Delivery'> | undefined;
  error?: unknown;
  /** It was looked for long enough. */
  isOver?: boolean;
}

export interface Test {
  told: Told | undefined;
  begin: (id: string) => void;
}

/** `done` is called once something has come of it. */
export function useTest(done: () => void): Test {
  const [told, setTold] = useState<Told | undefined>(undefined);
  const isThere = useRef(true);
  useEffect(
    () => () => {
      isThere.current = false;
    },
    [],
  );
  const tell = (next: Told): void => {
    if (isThere.current) setTold(next);
  };
  const begin = async (id: string): Promise<void> => {
    tell({ id });
    try {
      const { eventId } = await client.call('testChannel', { params: { channelId: id } });
      for (let look = 0; look < LOOKS_MAX && isThere.current; look++) {
        const query = { eventId, limit: 1 };
        const { deliveries } = await client.call('listDeliveries', { params: { channelId: id }, query });
        const [delivery] = deliveries;
        const isBehind =
          look >= BEHIND_LOOKS && delivery?.state === 'pending' && delivery.nextAttemptAt === undefined;
        const isOver = isBehind || (delivery?.attempts.length ?? 0) > 0 || delivery?.state === 'failed';
        tell({ id, delivery, isOver });
        if (isOver) break;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
        if (look === LOOKS_MAX - 1) tell({ id, delivery, isOver: true });
      }
    } catch (error) {
      tell({ id, error });
    }
    if (isThere.current) done();
  };
  return { told, begin: (id) => void begin(id) };
}

export function TestButton({ id, test, small = false }: { id: string; test: Test; small?: boolean }) {
  const { told, begin } = test;
  const isBusy = told?.id === id && told.error === undefined && told.isOver !== true;
  return (
    <button
      type="button"
      class={`btn${small ? ' sm' : ' pri'}${isBusy ? ' busy' : ''}`}
      disabled={isBusy}
      aria-label={`Send a test to ${id}`}
      onClick={() => begin(id)}
    >
      {isBusy ? 'Sending' : small ? 'Test' : 'Send a test'}
    </button>
  );
}

export function TestTold({ test: { told } }: { test: Test }) {
  if (told === undefined) return null;
  const { id, delivery, error, isOver } = told;
  if (error !== undefined) return <Failure error={error} what={`The test of ${id} could not be sent`} />;
  const last = delivery?.attempts.at(-1);
  if (last === undefined) {
    return (
      <Notice tone={isOver ? 'late' : 'info'}>
        <b>The test of {id} is on its way.</b>{' '}
        {isOver
          ? 'It waits behind what was not taken before it; its deliveries will say what comes of it.'
          : 'It goes the way of all that is told.'}
      </Notice>
    );
  }
  if (last.outcome === 'delivered') {
    return (
      <Notice tone="info">
        <b>The test of {id} was taken</b>
        {last.status === undefined ? '' : ` with ${last.status}`}, {number(last.tookMs)} ms after it was sent.
      </Notice>
    );
  }
  const next = delivery?.nextAttemptAt;
  return (
    <Notice tone="bad" isAlert>
      <b>The test of {id} was not taken:</b> {outcomeOf(last)}, after {number(last.tookMs)} ms.{' '}
      {next !== undefined &&
        `It is tried again in ${span(Math.max(0, Date.parse(next) - serviceNow()))}, as all that is told.`}
    </Notice>
  );
}
