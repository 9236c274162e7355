// Bearer tokens (RFC 6750), where the deployment has one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { adminOf, type Principal } from '../../core/records/access.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { TokenRegistry } from '../../ports/tokens.ts';
import type { GatewaySecurity, Security } from '../openapi/openapi.ts';

export interface AuthOptions {
  /** The token that callers must present. Without it, everyone may call: for deployments that guard the door themselves. */
  token?: string;
  /** Named tokens, beside that one. */
  tokens?: Pick<TokenRegistry, 'isAsked' | 'find'>;
  /** Instead, where the door has authenticated the caller: reads who it is from what the platform hands over with the request. */
  identify?: (platform: unknown) => Principal;
  /** How that door knows its callers, for the document; by IAM, if it is left out. */
  door?: GatewaySecurity;
}

/** Who is calling. */
export type Authenticator = (headers: Headers, platform: unknown) => Principal;

/** Where no credential is asked for, everybody who can reach the service may do everything. */
const ANYBODY = adminOf('api');
const BEARER = adminOf('token');

const REFUSALS = {
  unknown: 'The API token is not the right one.',
  revoked: 'The token has been revoked.',
  expired: 'The token has expired.',
};

/** How callers are known, as it is now. */
export function securityOf(auth: AuthOptions): Security {
  if (auth.identify !== undefined) return auth.door ?? 'iam';
  return isSecured(auth) ? 'token' : 'open';
}

/** Whether a token is asked for, as it is now. */
function isSecured({ token, tokens, identify }: AuthOptions): boolean {
  return identify === undefined && (token !== undefined || tokens?.isAsked() === true);
}

/** Throws on an empty token, which would let everyone in. The authenticator throws `unauthorized`. */
export function createAuthenticator(options: AuthOptions): Authenticator {
  const { token, tokens, identify } = options;
  if (identify !== undefined) return (_headers, platform) => identify(platform);
  if (token?.trim() === '') throw new Error('The API token must not be empty.');
  const expected = token === undefined ? undefined : digest(token);
  return (headers) => {
    if (!isSecured(options)) return ANYBODY;
    const presented = /^Bearer +([^ ]+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
    if (presented === undefined) {
      throw new ServiceError('unauthorized', 'Send the API token as "Authorization: Bearer <token>".');
    }
    // Digests have one length, and comparing them takes one time, whatever was sent.
    if (expected !== undefined && timingSafeEqual(digest(presented), expected)) return BEARER;
    const found = tokens?.find(presented) ?? { fault: 'unknown' };
    if ('principal' in found) return found.principal;
    throw new ServiceError('unauthorized', REFUSALS[found.fault]);
  };
}

function digest(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
