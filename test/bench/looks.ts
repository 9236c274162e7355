// Looks into the past, over HTTP: one path of a large state, with the state in memory and after a restart; what two states
// differ by; the history of one path over many incrementals.

import { setTimeout as wait } from 'node:timers/promises';
import { createDump, type Dump, dumpText, withChanges } from './corpus.ts';
import { MB, median, timed } from './measure.ts';
import type { Report } from './report.ts';
import { create, type Service, startService } from './service.ts';

const LARGE_BYTES = 100 * MB;
const APART = 30;
const SMALL_BYTES = 10 * MB;
const INCREMENTALS = 1000;
const ROUNDS = 7;
/** Where things are in a state is written down once nobody has been at work on it for a second. */
const REST_MS = 4000;

/** Measures one server on a folder of its own, and again once it has been restarted. */
export default async function measureLooks(report: Report): Promise<void> {
  report.section('Looks into the past');
  report.text(
    `Over HTTP, in a process of its own. One path, and what two states differ by that are ${APART} incrementals of 1 % apart, of ${LARGE_BYTES / MB} MB; the history of one path over ${INCREMENTALS} incrementals of ${SMALL_BYTES / MB} MB. Cold is the first look after a restart, some seconds after the last backup. P is one JSON.parse of the state.`,
  );
  let service = await startService();
  try {
    await measureLarge(service, report, async () => {
      service = await service.restart();
      return service;
    });
  } finally {
    await service.stop();
  }
  service = await startService();
  try {
    await measureHistory(service, report);
  } finally {
    await service.stop();
  }
}

async function measureLarge(
  first: Service,
  report: Report,
  restarted: () => Promise<Service>,
): Promise<void> {
  let dump = createDump(LARGE_BYTES);
  const text = dumpText(dump);
  const parse = median(await times(3, () => JSON.parse(text.toString())));
  await create(first.port, 'large', 'full', text);
  for (let n = 1; n <= APART; n++) {
    dump = withChanges(dump, 0.01, 100 + n);
    await create(first.port, 'large', 'incremental', dumpText(dump));
  }
  await wait(REST_MS);
  const user = `/tables/users/id=${dump.users.length >> 1}`;
  const looks: [name: string, query: string][] = [
    ['a member near the head', `tree?path=/settings`],
    ['a row by its number', `tree?path=/tables/orders/${dump.orders.length >> 1}`],
    ['a row by what it is called', `tree?path=${encodeURIComponent(user)}`],
    ['50 rows in the middle of a table', `tree?path=/tables/users&limit=50&after=${dump.users.length >> 1}`],
    ['50 differences of neighbours', 'diff?limit=50'],
    [`50 differences, ${APART} apart`, `diff?from=-${APART}&limit=50`],
  ];
  const rows: string[][] = [];
  const cold: number[] = [];
  const warm: number[] = [];
  for (const [name, query] of looks) {
    const { port } = await restarted();
    const ask = () => look(port, 'large', query);
    cold.push((await timed(ask)).ms);
    const after = await times(ROUNDS, ask);
    warm.push(median(after.slice(1)));
    rows.push([name, ...[cold.at(-1)!, after[0]!, warm.at(-1)!].map((ms) => ms.toFixed(1))]);
  }
  report.table(['', 'cold', 'second', 'warm'], rows);
  report.text(`P is ${parse.toFixed(0)} ms.`);
  report.target('one path of 100 MB, warm', { most: 5, unit: 'ms' }, Math.max(...warm.slice(0, 4)));
  report.target('one path of 100 MB, cold', { most: 60, unit: 'ms' }, median(cold.slice(0, 4)));
  report.target(`diff of 100 MB, ${APART} apart, warm`, { most: 0.3, unit: 'P' }, warm.at(-1)! / parse);
  report.target(`diff of 100 MB, ${APART} apart, cold`, { most: 0.3, unit: 'P' }, cold.at(-1)! / parse);
}

async function measureHistory(service: Service, report: Report): Promise<void> {
  let dump: Dump = createDump(SMALL_BYTES);
  await create(service.port, 'small', 'full', dumpText(dump));
  for (let n = 1; n <= INCREMENTALS; n++) {
    dump = withChanges(dump, 0.01, 100 + n);
    await create(service.port, 'small', 'incremental', dumpText(dump));
  }
  const path = encodeURIComponent(`/tables/users/id=${dump.users.length >> 1}/balance`);
  const rows: string[][] = [];
  let all = 0;
  for (const backups of [10, 100, INCREMENTALS]) {
    all = (await timed(() => walk(service.port, path, backups))).ms;
    rows.push([String(backups), all.toFixed(0), (all / backups).toFixed(2)]);
  }
  report.table(['backups', 'ms', 'ms each'], rows);
  report.target(`history of a path, ${INCREMENTALS} x 10 MB`, { most: 300, unit: 'ms' }, all);
}

/** Page after page: of large states each looks through fewer than it is asked to. */
async function walk(port: number, path: string, backups: number): Promise<void> {
  let cursor = '';
  for (let looked = 0; looked < backups; ) {
    const query = `history?path=${path}&limit=${Math.min(1000, backups - looked)}${cursor}`;
    const page = (await look(port, 'small', query)) as { looked: { backups: number }; nextCursor?: string };
    looked += page.looked.backups;
    if (page.nextCursor === undefined) return;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

async function look(port: number, resource: string, query: string): Promise<unknown> {
  const answer = await fetch(`http://127.0.0.1:${port}/resources/${resource}/${query}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

async function times(rounds: number, work: () => unknown): Promise<number[]> {
  const taken: number[] = [];
  for (let n = 0; n < rounds; n++) taken.push((await timed(work)).ms);
  return taken;
}
