// The figures of this process since its start, as series: cheap to add to, and read only when somebody asks.

import type { Meter, MeterTags } from '../../ports/meter.ts';
import { COUNTERS, type Definition, type HistogramDefinition, SIZES, TIMES } from './definitions.ts';

export interface Sample {
  labels: Record<string, string>;
  value: number;
  /** Where it is another than the metric's: `..._bucket`. */
  metricName?: string;
}

/** A metric as it stands now. */
export interface Metric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram';
  values: Sample[];
}

export interface Series extends Meter {
  metrics(): Metric[];
}

/** Of one metric; what comes beyond is added up as one, so that nothing a caller sends can fill the memory. */
const SERIES_MAX = 1000;
const OTHERS = 'other';

interface Histogram {
  /** Beside each upper end, and one for what is above all. */
  counts: number[];
  sum: number;
}

export function createSeries(): Series {
  const counters = new Map<Definition, Map<string, { labels: Record<string, string>; value: number }>>();
  const histograms = new Map<
    HistogramDefinition,
    Map<string, { labels: Record<string, string>; value: Histogram }>
  >();

  for (const definition of Object.values(COUNTERS)) {
    if (definition === undefined) continue;
    counters.set(definition, new Map());
    const { labels = [], from = labels.length === 0 ? [[]] : [] } = definition;
    for (const values of from) {
      const tags = Object.fromEntries(labels.map((label, n) => [label, values[n]!]));
      one(counters, definition, tags, () => 0);
    }
  }
  for (const definition of [...Object.values(SIZES), ...Object.values(TIMES)]) {
    if (definition === undefined) continue;
    histograms.set(definition, new Map());
    if (definition.labels === undefined) one(histograms, definition, {}, () => empty(definition));
  }

  function observe(definition: HistogramDefinition | undefined, value: number, tags: MeterTags): void {
    if (definition === undefined) return;
    const found = one(histograms, definition, tags, () => empty(definition)).value;
    const at = definition.buckets.findIndex((end) => value <= end);
    found.counts[at === -1 ? definition.buckets.length : at]! += 1;
    found.sum += value;
  }

  return {
    count(name, tags = {}, times = 1) {
      const definition = COUNTERS[name];
      if (definition !== undefined) one(counters, definition, tags, () => 0).value += times;
    },
    time(name, ms, tags = {}) {
      observe(TIMES[name], ms / 1000, tags);
    },
    size(name, bytes, tags = {}) {
      observe(SIZES[name], bytes, tags);
    },
    metrics() {
      const counted = [...counters].map(
        ([{ name, help }, series]): Metric => ({
          ...{ name, help, type: 'counter' },
          values: [...series.values()].map(({ labels, value }) => ({ labels, value })),
        }),
      );
      const measured = [...histograms].map(
        ([definition, series]): Metric => ({
          ...{ name: definition.name, help: definition.help, type: 'histogram' },
          values: [...series.values()].flatMap(({ labels, value }) => samplesOf(definition, labels, value)),
        }),
      );
      return [...measured, ...counted];
    },
  };
}

function empty({ buckets }: HistogramDefinition): Histogram {
  return { counts: new Array<number>(buckets.length + 1).fill(0), sum: 0 };
}

/** The series of these tags, made if it is not there. */
function one<D extends Definition, V>(
  all: Map<D, Map<string, { labels: Record<string, string>; value: V }>>,
  definition: D,
  tags: MeterTags,
  make: () => V,
): { labels: Record<string, string>; value: V } {
  const series = all.get(definition)!;
  const names = definition.labels ?? [];
  const keyOf = (values: readonly string[]): string => JSON.stringify(values);
  let values = names.map((name) => tags[name] ?? '');
  if (series.size >= SERIES_MAX && !series.has(keyOf(values))) values = names.map(() => OTHERS);
  const key = keyOf(values);
  const known = series.get(key);
  if (known !== undefined) return known;
  const made = {
    labels: Object.fromEntries(names.map((name, n) => [name, values[n]!])),
    value: make(),
  };
  series.set(key, made);
  return made;
}

/** As Prometheus has them: each bucket counts what is below its end, all smaller ones too. */
function samplesOf(
  { name, buckets }: HistogramDefinition,
  labels: Record<string, string>,
  { counts, sum }: Histogram,
): Sample[] {
  let below = 0;
  const ends = [...buckets.map(String), '+Inf'];
  const inBuckets = ends.map((le, n) => {
    below += counts[n]!;
    return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
  });
  return [
    ...inBuckets,
    { labels, value: sum, metricName: `${name}_sum` },
    { labels, value: below, metricName: `${name}_count` },
  ];
}
