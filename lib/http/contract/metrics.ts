// Metrics: the figures of a home that is one process, for Prometheus.

import type { Route } from './route.ts';

/** What prom-client writes. */
export const METRICS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export const METRICS_ROUTES = {
  getMetrics: {
    method: 'GET',
    path: '/metrics',
    summary: 'Figures for Prometheus, in its text format',
    tag: 'Service',
    scope: 'metrics:read',
    needsProcess: true,
    details:
      'Of each resource when a state last came, whether the last backup was made, what is kept of it, and how often one is expected; of the ' +
      'process what it has done since its start. It names resources: a token for some of them only is refused.',
    answers: { 200: { description: 'The metrics', media: METRICS_MEDIA_TYPE, isText: true } },
    errors: [],
  },
} as const satisfies Record<string, Route>;
