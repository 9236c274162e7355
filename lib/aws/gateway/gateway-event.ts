// What a REST API hands over with a request: where its path begins, and who has been let in.

import { adminOf, type Principal } from '../../core/records/access.ts';
import { principalOf } from '../names/principal-context.ts';

/** The part of a proxy event that is read here. */
export interface GatewayEvent {
  /** The path as it was called: a custom domain's base path included, the stage not. */
  path: string;
  /** The path of the route, with its parameters named: `/backups/{id}`. */
  resource: string;
  requestContext: {
    identity?: { userArn?: string | null; user?: string | null };
    /** What our authorizer has told, beside the subject (`principal-context.ts`). */
    authorizer?: ({ principalId?: string | null } & Record<string, unknown>) | null;
  };
}

const ANYBODY = adminOf('api');

/** Who API Gateway has authenticated: the holder of a token, an IAM identity, or nobody. */
export function identityOf({ requestContext: { authorizer, identity } }: GatewayEvent): Principal {
  if (authorizer?.principalId) return principalOf(authorizer.principalId, authorizer);
  return identity?.userArn ? adminOf(identity.userArn) : ANYBODY;
}

/** The path within the API: as many of its last segments as the route has. */
export function apiPath({ path, resource }: Pick<GatewayEvent, 'path' | 'resource'>): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  const length = resource.split('/').filter((segment) => segment !== '').length;
  return `/${segments.slice(segments.length - length).join('/')}`;
}
