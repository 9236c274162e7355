// Metrics.

import { isUnrestricted } from '../../core/records/access.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { METRICS_ROUTES } from '../contract/metrics.ts';
import type { HandlersOf } from './call.ts';

export interface MetricsHandlerDeps {
  /** Where one process is the home: its figures as text, and what kind of text that is. */
  readMetrics?: () => Promise<{ mediaType: string; text: string }>;
}

export function createMetricsHandlers({
  readMetrics,
}: MetricsHandlerDeps): HandlersOf<typeof METRICS_ROUTES> {
  return {
    async getMetrics(_input, { principal }) {
      if (!isUnrestricted(principal)) {
        throw new ServiceError(
          'forbidden',
          'Metrics name every resource, and this credential is for some only.',
          {
            refused: { scope: 'metrics:read' },
          },
        );
      }
      const { mediaType, text } = await readMetrics!();
      const body = Buffer.from(text);
      return new Response(body, {
        headers: { 'Content-Type': mediaType, 'Content-Length': String(body.length) },
      });
    },
  };
}
