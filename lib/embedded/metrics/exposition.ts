// The text that `GET /metrics` answers, made by prom-client, which is loaded when it is first asked for: nobody else pays for it.

import type { Metric as PromMetric, Registry } from 'prom-client';
import type { Metric } from './series.ts';

export interface Exposition {
  /** What Content-Type says of it. */
  mediaType: string;
  text: string;
}

/** `read`: all metrics as they stand now. Who asks while an answer is being made is given the same one. */
export function createExposition(read: () => Promise<Metric[]>): () => Promise<Exposition> {
  let ofProcess: Promise<Defaults> | undefined;
  let asked: Promise<Exposition> | undefined;

  async function make(): Promise<Exposition> {
    ofProcess ??= loadDefaults();
    const [{ defaults, Registry }, metrics] = await Promise.all([ofProcess, read()]);
    const own = new Registry();
    for (const metric of metrics) own.registerMetric(asMetric(metric));
    const texts = await Promise.all([own.metrics(), defaults.metrics()]);
    return { mediaType: own.contentType, text: texts.join('') };
  }

  return () => {
    asked ??= make().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

/** A registry asks its metrics for their name and what `get` gives; its types ask for its own classes. */
function asMetric(metric: Metric): PromMetric {
  return { ...metric, get: async () => metric } as unknown as PromMetric;
}

interface Defaults {
  Registry: typeof Registry;
  /** What prom-client tells of every process of Node: memory, processor, event loop, garbage collection. */
  defaults: Registry;
}

async function loadDefaults(): Promise<Defaults> {
  const { collectDefaultMetrics, Registry } = await import('prom-client');
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  return { Registry, defaults };
}
