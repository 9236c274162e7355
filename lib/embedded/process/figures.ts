// The figures of this process, added up until somebody asks for them.

import type { Meter, MeterTags } from '../../ports/meter.ts';

/** What was told under one name and the same tags. Times are milliseconds. */
interface Figure extends Record<string, string | number | undefined> {
  name: string;
  count: number;
  /** All together, and the longest; absent of what was only counted. */
  ms?: number;
  maxMs?: number;
  /** All together; absent of what was not measured. */
  bytes?: number;
}

export interface Figures extends Meter {
  /** All since they were taken last, the longest first; they begin anew. */
  take(): Figure[];
}

export function createFigures(): Figures {
  let figures = new Map<string, Figure>();

  function figureOf(name: string, tags: MeterTags): Figure {
    const key = [name, ...Object.values(tags)].join(' ');
    const known = figures.get(key);
    if (known !== undefined) return known;
    const figure: Figure = { name, ...tags, count: 0 };
    figures.set(key, figure);
    return figure;
  }

  return {
    count(name, tags = {}, times = 1) {
      figureOf(name, tags).count += times;
    },
    time(name, ms, tags = {}) {
      const figure = figureOf(name, tags);
      figure.count += 1;
      figure.ms = (figure.ms ?? 0) + ms;
      figure.maxMs = Math.max(figure.maxMs ?? 0, ms);
    },
    size(name, bytes, tags = {}) {
      const figure = figureOf(`${name}_bytes`, tags);
      figure.count += 1;
      figure.bytes = (figure.bytes ?? 0) + bytes;
    },
    take() {
      const taken = [...figures.values()].map(rounded);
      figures = new Map();
      return taken.sort((a, b) => (b.ms ?? 0) - (a.ms ?? 0));
    },
  };
}

/** To microseconds: more says nothing. */
function rounded({ ms, maxMs, ...rest }: Figure): Figure {
  if (ms === undefined || maxMs === undefined) return rest as Figure;
  return { ...rest, ms: Math.round(ms * 1000) / 1000, maxMs: Math.round(maxMs * 1000) / 1000 } as Figure;
}
