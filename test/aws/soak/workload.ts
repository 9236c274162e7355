// Writers, readers and deleters against the deployed service, and what each was promised.

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Answer, createBody, stateOf } from '../../e2e/client.ts';

export interface Counts {
  acknowledged: number;
  deleted: number;
  restored: number;
  /** Answers that asked to come again, by status; connections that broke off are 0. */
  again: Record<string, number>;
  anomalies: string[];
}

interface Promised {
  resourceId: string;
  state: string;
  createdAt: string;
  /** Somebody has asked for its end: it may be there or not until the answer. */
  isGoing: boolean;
  isGone: boolean;
}

const RESOURCES = 12;
const WRITERS = 3;
const READERS = 2;
const ROWS = 200;
/** So long one request is tried again before it counts as withheld. */
const PATIENCE_MS = 90_000;
const TYPES: BackupType[] = ['full', 'incremental', 'incremental', 'incremental', 'differential'];

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)]!;

export function createWorkload(url: string) {
  const counts: Counts = { acknowledged: 0, deleted: 0, restored: 0, again: {}, anomalies: [] };
  const promised = new Map<string, Promised>();
  const rows = new Map(
    Array.from({ length: RESOURCES }, (_, n) => [
      `soak-${n}`,
      Array.from({ length: ROWS }, (_row, id) => ({ id, value: randomUUID() })),
    ]),
  );

  /** Sent until it is answered with something that says more than "later". */
  async function insist(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = {},
  ): Promise<Answer | undefined> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await delay(200 + Math.random() * 800)) {
      let status = 0;
      try {
        const response = await fetch(url + path, {
          method,
          headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
          ...(body === undefined ? {} : { body }),
          signal: AbortSignal.timeout(60_000),
        });
        const bytes = Buffer.from(await response.arrayBuffer());
        status = response.status;
        // 409: somebody else writes to the resource, or the first attempt is still at work.
        if (status < 500 && status !== 429 && status !== 409) {
          return {
            status,
            headers: response.headers,
            body: bytes,
            json: <T>() => JSON.parse(bytes.toString()) as T,
          };
        }
        if (status === 500) counts.anomalies.push(`${method} ${path} gave 500: ${bytes.subarray(0, 300)}`);
      } catch {
        // Broken off; what became of it is seen by the next attempt.
      }
      counts.again[status] = (counts.again[status] ?? 0) + 1;
    }
    counts.anomalies.push(`withheld: ${method} ${path} found no answer in ${PATIENCE_MS / 1000} s`);
    return undefined;
  }

  async function write(resourceId: string): Promise<void> {
    const table = rows.get(resourceId)!;
    for (let n = 0; n < 5; n++) pick(table).value = randomUUID();
    const state = JSON.stringify({ resourceId, rows: table, exact: '9007199254740993' }).replace(
      '"9007199254740993"',
      '9007199254740993',
    );
    const body = createBody({ resourceId, state, type: pick(TYPES) });
    const answer = await insist('POST', '/backups', body, { 'Idempotency-Key': randomUUID() });
    if (answer === undefined) return;
    if (answer.status !== 201) {
      counts.anomalies.push(`a create gave ${answer.status}: ${answer.body.subarray(0, 300)}`);
      return;
    }
    const { id, createdAt } = answer.json<BackupView>();
    if (promised.has(id)) counts.anomalies.push(`${id} was promised twice`);
    promised.set(id, { resourceId, state, createdAt, isGoing: false, isGone: false });
    counts.acknowledged++;
  }

  async function read(id: string): Promise<void> {
    const { state } = promised.get(id)!;
    const answer = await insist(
      'POST',
      '/restore',
      JSON.stringify({ backupId: id, targetResourceId: 'read' }),
    );
    if (answer === undefined) return;
    const { isGoing } = promised.get(id)!;
    if (answer.status === 200) {
      counts.restored++;
      if (stateOf(answer).toString() !== state) counts.anomalies.push(`WRONG: ${id} gave another state`);
    } else if (!(answer.status === 404 && isGoing)) {
      counts.anomalies.push(`LOST: ${id} gave ${answer.status}: ${answer.body.subarray(0, 300)}`);
    }
  }

  async function remove(id: string): Promise<void> {
    const one = promised.get(id)!;
    one.isGoing = true;
    const answer = await insist('DELETE', `/backups/${id}`);
    if (answer === undefined) return;
    // An attempt whose answer got lost may have done it.
    if (answer.status !== 204 && answer.status !== 200 && answer.status !== 404) {
      counts.anomalies.push(`a delete of ${id} gave ${answer.status}: ${answer.body.subarray(0, 300)}`);
      one.isGoing = false;
      return;
    }
    one.isGone = true;
    counts.deleted++;
  }

  const live = (): string[] => [...promised].filter(([, { isGoing }]) => !isGoing).map(([id]) => id);

  return {
    counts,
    promised,

    /** Until the moment. */
    async work(until: number): Promise<void> {
      const names = [...rows.keys()];
      const writer = async (n: number): Promise<void> => {
        const mine = names.filter((_, i) => i % WRITERS === n);
        while (Date.now() < until) await write(pick(mine));
      };
      const reader = async (): Promise<void> => {
        while (Date.now() < until) {
          const ids = live();
          if (ids.length === 0) await delay(500);
          else await read(pick(ids));
        }
      };
      const deleter = async (): Promise<void> => {
        while (Date.now() < until) {
          const ids = live();
          // From anywhere in a chain, and never so many that histories stay short.
          if (ids.length > 100) await remove(pick(ids));
          await delay(1000);
        }
      };
      const writers = Array.from({ length: WRITERS }, (_, n) => writer(n));
      await Promise.all([...writers, ...Array.from({ length: READERS }, reader), deleter()]);
    },

    /** Every promise, once more: what was kept gives back its state, what is gone is gone. */
    async judge(): Promise<{ kept: number; gone: number }> {
      let [kept, gone] = [0, 0];
      const entries = [...promised].values();
      const judge = async (): Promise<void> => {
        for (const [id, { isGoing, isGone }] of entries) {
          if (!isGoing) {
            await read(id);
            kept++;
          } else if (isGone) {
            const answer = await insist('GET', `/backups/${id}`);
            if (answer?.status === 404) gone++;
            else counts.anomalies.push(`${id} was deleted, and is answered ${answer?.status}`);
          }
        }
      };
      await Promise.all(Array.from({ length: 3 }, judge));
      return { kept, gone };
    },
  };
}
