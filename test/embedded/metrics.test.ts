// What `GET /metrics` tells of a data folder, before and after a restart, and that everything which is built on it is told of.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { COUNTERS, SIZES, TIMES } from '../../lib/embedded/metrics/definitions.ts';
import { createSeries } from '../../lib/embedded/metrics/series.ts';
import { createDataDirs } from '../contract/data-dirs.ts';
import { type Opened, openStore } from '../faults/torture/store.ts';

const dirs = createDataDirs();
afterAll(() => dirs.removeAll());

const AT = Date.UTC(2026, 0, 1, 12);
let folder: string;
let clocks: { wall: number; monotonic: number };
beforeEach(() => {
  folder = dirs.make();
  clocks = { wall: AT, monotonic: 0 };
});

/** Samples by name and labels, as they are written. */
async function read(store: Opened): Promise<Map<string, number>> {
  const { status, text } = await store.call('GET', '/metrics');
  expect(status).toBe(200);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(/ (\S+)$/.exec(line)![1])]));
}

async function within(work: (store: Opened) => Promise<void>, env: Record<string, string> = {}) {
  const store = await openStore(folder, clocks, { isDriven: true, env });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

async function backup(store: Opened, resourceId: string, data: unknown, more = {}): Promise<void> {
  clocks.wall += 1000;
  const { status } = await store.call('POST', '/backups', JSON.stringify({ resourceId, data, ...more }));
  expect([200, 201, 409]).toContain(status);
}

test('how a schedule stands: when it is due, whether it is paused', async () => {
  await within(
    async (store) => {
      await store.call('PUT', '/sources/s', JSON.stringify({ kind: 'file', path: `${folder}/s.json` }));
      const schedule = { sourceId: 's', resourceId: 'db', when: 'every 1h' };
      expect((await store.call('PUT', '/schedules/hourly', JSON.stringify(schedule))).status).toBeLessThan(
        300,
      );
      const of = (name: string) => `backup_schedule_${name}{schedule="hourly",resource="db"}`;
      const found = await read(store);
      expect(found.get(of('next_run_timestamp_seconds'))).toBe(clocks.wall / 1000 + 3600);
      expect(found.get(of('paused'))).toBe(0);
      expect(found.get(of('failed_runs'))).toBe(0);
      expect(found.get(of('missed_total'))).toBe(0);
      expect(found.get(of('last_success_timestamp_seconds'))).toBe(0);
      await store.call('POST', '/schedules/hourly/pause');
      const paused = await read(store);
      expect(paused.get(of('paused'))).toBe(1);
      expect(paused.has(of('next_run_timestamp_seconds'))).toBe(false);
    },
    { BACKUP_SOURCE_FOLDERS: folder },
  );
});

test('how far behind retention is: what is due, and for how long the first has been; what is kept is not', async () => {
  await within(
    async (store) => {
      const metadata = { version: '1', source: 's', tags: {}, retentionDays: 1 };
      for (let n = 0; n < 3; n++) await backup(store, 'db', n, { metadata });
      clocks.wall += 86_400_000 + 5000;
      expect((await read(store)).get('retention_oldest_due_seconds')).toBe(7);
      await store.sweep();
      const found = await read(store);
      // The newest has expired as well, and is kept.
      expect(found.get('retention_due')).toBe(2);
      expect(found.get('retention_removed_total{reason="expired"}')).toBe(2);
      expect(found.get('retention_oldest_due_seconds')).toBe(0);
      clocks.wall += 6 * 3_600_000 + 1000;
      expect((await read(store)).get('retention_oldest_due_seconds')).toBe(1);
      await store.sweep();
      expect((await read(store)).get('retention_due')).toBe(0);
    },
    { BACKUP_EXPIRY_HOLD_SECONDS: '0' },
  );
});

test("the specification's three names, to the letter", async () => {
  await within(async (store) => {
    await backup(store, 'db', [1, 2]);
    await backup(store, 'db', [1, 3], { type: 'incremental' });
    const found = await read(store);
    expect(found.get('backup_size_bytes_count')).toBe(2);
    expect(found.get('backup_size_bytes_sum')).toBe(10);
    expect(found.get('backup_duration_seconds_count')).toBe(2);
    expect(found.get('backups_total{type="full"}')).toBe(1);
    expect(found.get('backups_total{type="incremental"}')).toBe(1);
    expect(found.get('backups_total{type="differential"}')).toBe(0);
  });
});

test('how a resource stands is the same after a restart, and moves with what happens', async () => {
  const RULES = { expectEverySeconds: 60, shrink: { share: 0.1, least: 1, action: 'refuse' } };
  let before = new Map<string, number>();
  const ofResource = (found: Map<string, number>) =>
    [...found].filter(([name]) => name.includes('resource="db"'));
  await within(async (store) => {
    await store.call('PUT', '/resources/db/settings', JSON.stringify(RULES));
    expect((await read(store)).get('backup_last_success_timestamp_seconds{resource="db"}')).toBe(0);
    await backup(store, 'db', { rows: [1, 2, 3] });
    expect((await read(store)).get('backup_last_success_timestamp_seconds{resource="db"}')).toBe(
      clocks.wall / 1000,
    );
    expect((await read(store)).get('backup_last_status{resource="db"}')).toBe(1);
    await backup(store, 'db', { rows: [1] });
    before = await read(store);
  });
  expect(before.get('backup_last_status{resource="db"}')).toBe(0);
  expect(before.get('backup_failures_total{code="unusual_change"}')).toBe(1);
  expect(before.get('backup_last_attempt_timestamp_seconds{resource="db"}')).toBe(clocks.wall / 1000);
  expect(before.get('backup_expected_interval_seconds{resource="db"}')).toBe(60);
  clocks.wall += 60_000;
  await within(async (store) => {
    const after = await read(store);
    expect(ofResource(after)).toEqual(ofResource(before));
    expect(after.get('backup_failures_total{code="unusual_change"}')).toBe(0);
  });
});

test('of more resources than are told apart the rest is said to be left out', async () => {
  const few = { BACKUP_METRICS_RESOURCES: '2' };
  await within(async (store) => {
    await backup(store, 'a', 1);
    await backup(store, 'b', 1);
    expect((await read(store)).get('backup_resources_truncated')).toBe(0);
    await backup(store, 'c', 1);
    const found = await read(store);
    expect(found.get('backup_resources_truncated')).toBe(1);
    expect(found.get('backup_live_backups{resource="b"}')).toBe(1);
    expect(found.has('backup_live_backups{resource="c"}')).toBe(false);
  }, few);
  await within(async (store) => expect((await read(store)).get('backup_resources_truncated')).toBe(1), few);
});

test('a failure that goes on is counted whole, and written down once a minute', async () => {
  await within(async (store) => {
    await store.call('PUT', '/resources/db/settings', '{"shrink":{"share":0,"least":1,"action":"refuse"}}');
    await backup(store, 'db', { rows: [1, 2] });
    for (let n = 0; n < 61; n++) await backup(store, 'db', { rows: [n] });
    const { text } = await store.call('GET', '/audit?action=backup.failed');
    const { events } = JSON.parse(text) as { events: { detail: { count: number } }[] };
    expect(events.map(({ detail }) => detail.count)).toEqual([60, 1]);
    expect((await read(store)).get('backup_failures_total{code="unusual_change"}')).toBe(61);
  });
});

test('what callers make up cannot fill the memory', () => {
  const series = createSeries();
  for (let n = 0; n < 5000; n++) series.count('backup_failed', { code: `made-up-${n}` });
  const found = series.metrics().find(({ name }) => name === 'backup_failures_total')!;
  expect(found.values.length).toBeLessThanOrEqual(1001);
  const all = found.values.reduce((sum, { value }) => sum + value, 0);
  expect(all).toBe(5000);
});

test('buckets count what is at their end or below, and all is counted', () => {
  const series = createSeries();
  for (const bytes of [0, 1024, 1025, 1e12]) series.size('backup', bytes);
  const { values } = series.metrics().find(({ name }) => name === 'backup_size_bytes')!;
  const of = (le: string) => values.find(({ labels }) => labels.le === le)!.value;
  expect([of('1024'), of('4096'), of('+Inf')]).toEqual([2, 3, 4]);
});

describe('what is built on metrics', () => {
  const PROM_CLIENT = /^(nodejs|process)_/;
  const histograms = [...Object.values(TIMES), ...Object.values(SIZES)];

  /** Every name that is told, or would be once something has happened. */
  async function told(): Promise<Set<string>> {
    const names = new Set<string>();
    await within(async (store) => {
      const { text } = await store.call('GET', '/metrics');
      for (const [, name] of text.matchAll(/^# TYPE (\S+) /gm)) names.add(name!);
    });
    for (const definition of [...Object.values(COUNTERS), ...histograms]) {
      if (definition !== undefined) expect(names).toContain(definition.name);
    }
    for (const definition of histograms) {
      for (const end of ['bucket', 'sum', 'count']) names.add(`${definition?.name}_${end}`);
    }
    return names;
  }

  /** Words of expressions that could be names of metrics. */
  const namesIn = (text: string): string[] =>
    text.match(/\b(backups?|restores?|retention|verify|queue|notification|http)_[a-z_]+\b/g) ?? [];

  test.each([
    ['docs/alerts.yml', (text: string) => [...text.matchAll(/^ +expr: (.+)$/gm)].map(([, expr]) => expr!)],
    ['docs/grafana.json', (text: string) => [...text.matchAll(/"expr": "(.+)"/g)].map(([, expr]) => expr!)],
  ])('%s asks for nothing that is not told', async (file, expressionsOf) => {
    const names = await told();
    const asked = expressionsOf(readFileSync(file, 'utf8')).flatMap(namesIn);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((name) => !names.has(name))).toEqual([]);
  });

  test('docs/metrics.md names what is told, and nothing else', async () => {
    const names = [...(await told())].filter((name) => !PROM_CLIENT.test(name));
    const page = readFileSync('docs/metrics.md', 'utf8');
    const isPart = (name: string) => histograms.some((one) => name.startsWith(`${one?.name}_`));
    expect(names.filter((name) => !isPart(name) && !page.includes(`\`${name}`))).toEqual([]);
    const rows = [...page.matchAll(/^\| `([a-z_]+)/gm)].map(([, name]) => name!);
    expect(rows.filter((name) => !names.includes(name))).toEqual([]);
  });

  test('the rules are such as Prometheus takes, where its checker is at hand', () => {
    const { error, status, stderr } = spawnSync('promtool', ['check', 'rules', 'docs/alerts.yml']);
    if (error !== undefined) return;
    expect([status, String(stderr)]).toEqual([0, '']);
  });
});
