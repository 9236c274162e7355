// The service itself.

import { holds } from '../../core/records/access.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { Route } from '../contract/route.ts';
import { type SERVICE_ROUTES, viewNotice, viewNoticeInShort } from '../contract/service.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

const SERVICE_NAME = 'Backup & Restore Service';

const FEATURES = [
  'full-incremental-differential-backups',
  'point-in-time-restore',
  'gzip-compression',
  'aes-256-cbc-encryption',
  'checksum-verification',
  'retention-policies',
  'legal-hold-and-lock',
  'idempotent-creates',
  'asynchronous-restores',
];
/** Where no gateway stands before it that takes less than a state may have. */
const TAKES_LARGE = 'large-states-in-the-call';

export interface ServiceHandlerDeps {
  version: string;
  /** Whether a call may carry a state of any size. */
  takesLarge: boolean;
  /** Asked for only when somebody wants to read it. */
  openApi: () => Record<string, unknown>;
  /** What links begin with. */
  basePath: string;
  /** The routes of this deployment. */
  routes: readonly (Route & { operationId: string })[];
}

export function createServiceHandlers({
  version,
  takesLarge,
  openApi,
  basePath,
  routes,
}: ServiceHandlerDeps): HandlersOf<typeof SERVICE_ROUTES> {
  return {
    async getServiceInfo() {
      const endpoints = Object.fromEntries(
        routes.map((route) => [route.operationId, `${route.method} ${route.path}`]),
      );
      const features = takesLarge ? [...FEATURES, TAKES_LARGE] : FEATURES;
      return replyJson(200, { name: SERVICE_NAME, version, features, endpoints });
    },

    async getHealth(_input, { service, principal }) {
      const { status, problems, notices } = await service.checkHealth();
      if (status === 'healthy') return replyJson(200, { status });
      // Anybody may ask; of what, in words, only an operator hears: it names resources and backups.
      const isWhole = holds(principal, 'admin');
      const shown = notices.map((notice) => (isWhole ? viewNotice(notice) : viewNoticeInShort(notice)));
      if (status === 'degraded') return replyJson(200, { status, notices: shown });
      const parts = problems.map(({ part }) => part);
      const critical = notices.filter(({ severity }) => severity === 'critical');
      const reasons = [
        ...(parts.length === 0 ? [] : [`Not answering: ${parts.join(', ')}.`]),
        ...critical.map(({ code, detail }) =>
          isWhole ? detail : `${code}: ask as an operator, or see the log.`,
        ),
      ];
      throw new ServiceError('dependency_unavailable', reasons.join(' '), {
        extra: {
          health: status,
          parts,
          problems: isWhole ? problems : problems.map(({ part, code }) => ({ part, code })),
          notices: shown,
        },
      });
    },

    async getOpenApi(_input, { origin }) {
      // Whole, so that a client that imports the document can call us at once.
      return replyJson(200, { ...openApi(), servers: [{ url: origin + basePath }] });
    },
  };
}
