// Bearer tokens (RFC 6750), where the deployment has one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { adminOf, type Principal } from '../core/access.ts';
import { ServiceError } from '../core/errors.ts';

export interface AuthOptions {
  /** The token that callers must present. Without it, everyone may call: for deployments that guard the door themselves. */
  token?: string;
  /** Instead, where the door has authenticated the caller: reads who it is from what the platform hands over with the request. */
  identify?: (platform: unknown) => Principal;
}

/** Who is calling. */
export type Authenticator = (headers: Headers, platform: unknown) => Principal;

/** Where no credential is asked for, everybody who can reach the service may do everything. */
const ANYBODY = adminOf('api');
const BEARER = adminOf('token');

/** Throws on an empty token, which would let everyone in. The authenticator throws `unauthorized`. */
export function createAuthenticator({ token, identify }: AuthOptions): Authenticator {
  if (identify !== undefined) return (_headers, platform) => identify(platform);
  if (token === undefined) return () => ANYBODY;
  if (token.trim() === '') throw new Error('The API token must not be empty.');
  const expected = digest(token);
  return (headers) => {
    const presented = /^Bearer +([^ ]+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
    if (presented === undefined) {
      throw new ServiceError('unauthorized', 'Send the API token as "Authorization: Bearer <token>".');
    }
    // Digests have one length, and comparing them takes one time, whatever was sent.
    if (timingSafeEqual(digest(presented), expected)) return BEARER;
    throw new ServiceError('unauthorized', 'The API token is not the right one.');
  };
}

function digest(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
