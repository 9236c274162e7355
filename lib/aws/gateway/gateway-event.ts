// What a REST API hands over with a request: where its path begins, and who has been let in.

import { adminOf, NOBODY, type Principal } from '../../core/records/access.ts';
import type { AuthKind } from '../names/env.ts';
import { principalOf } from '../names/principal-context.ts';

/** The part of a proxy event that is read here. */
export interface GatewayEvent {
  /** The path as it was called: a custom domain's base path included, the stage not. */
  path: string;
  /** The path of the route, with its parameters named: `/backups/{id}`. */
  resource: string;
  requestContext: {
    identity?: { userArn?: string | null; user?: string | null; sourceIp?: string | null };
    /** What our authorizer has told, beside the subject (`principal-context.ts`). */
    authorizer?: ({ principalId?: string | null } & Record<string, unknown>) | null;
  };
}

/** Where nothing is asked for, by the deployment's own words. */
const ANYBODY = adminOf('api');

/**
 * Who API Gateway has authenticated, in the way in which this deployment does: the holder of a token, an IAM identity, or nobody.
 * IAM has decided by route who may call, and does not say what else it would let through: to us its callers may do everything.
 */
export function identityOf({ requestContext }: GatewayEvent, auth: AuthKind): Principal {
  const { authorizer, identity } = requestContext;
  if (auth === 'none') return ANYBODY;
  if (auth === 'jwt')
    return authorizer?.principalId ? principalOf(authorizer.principalId, authorizer) : NOBODY;
  return identity?.userArn ? adminOf(identity.userArn) : NOBODY;
}

/** Where the call came from, as the gateway has seen it. */
export function addressOf({ requestContext }: GatewayEvent): string | undefined {
  return requestContext.identity?.sourceIp ?? undefined;
}

/** The path within the API: as many of its last segments as the route has. */
export function apiPath({ path, resource }: Pick<GatewayEvent, 'path' | 'resource'>): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  const length = resource.split('/').filter((segment) => segment !== '').length;
  return `/${segments.slice(segments.length - length).join('/')}`;
}
