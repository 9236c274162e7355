// Bearer tokens (RFC 6750), where the deployment has one.

import { createHash, timingSafeEqual } from 'node:crypto';
import { adminOf, type Principal } from '../../core/records/access.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import type { TokenRegistry } from '../../ports/tokens.ts';
import type { GatewaySecurity, Security } from '../openapi/openapi.ts';
import { demandOwnPage, type Sessions } from './sessions.ts';

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

/** Where the token may come as a password. */
export interface Basic {
  /** Where the call comes from. */
  address: string;
}

export interface Authenticator {
  /**
   * Who is calling; `by` where the token may come as the password of HTTP Basic (RFC 7617), under any name. Throws ServiceError
   * `unauthorized`, `too_many_requests` for an address that has guessed too many passwords, and `forbidden` for a session that another
   * site's page makes use of.
   */
  whoCalls(request: Request, platform: unknown, by?: Basic): Principal;
  /** Whom a token stands for. Throws ServiceError `unauthorized`. */
  whoHolds(token: string): Principal;
  /** Whether a credential is asked for, as of now. */
  isAsked(): boolean;
}

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

/** Throws on an empty token, which would let everyone in. */
export function createAuthenticator(options: AuthOptions, sessions?: Sessions): Authenticator {
  const { token, tokens, identify } = options;
  if (token?.trim() === '') throw new Error('The API token must not be empty.');
  const expected = token === undefined ? undefined : digest(token);
  const whoHolds = (presented: string): Principal => {
    // Digests have one length, and comparing them takes one time, whatever was sent.
    if (expected !== undefined && timingSafeEqual(digest(presented), expected)) return BEARER;
    const found = tokens?.find(presented) ?? { fault: 'unknown' };
    if ('principal' in found) return found.principal;
    throw new ServiceError('unauthorized', REFUSALS[found.fault]);
  };
  /** A password is what people choose: whoever tries many is slowed down, as at the sign-in. */
  const whoGuesses = (password: string, { address }: Basic): Principal => {
    sessions?.demandPatience(address);
    try {
      return whoHolds(password);
    } catch (error) {
      if (hasCode(error, 'unauthorized')) sessions?.noteGuess(address);
      throw error;
    }
  };
  return {
    whoHolds,
    isAsked: () => identify !== undefined || isSecured(options),
    whoCalls(request, platform, by) {
      if (identify !== undefined) return identify(platform);
      if (!isSecured(options)) return ANYBODY;
      const { headers } = request;
      if (!headers.has('authorization')) {
        const kept = sessions?.tokenOf(headers);
        if (kept !== undefined) {
          demandOwnPage(request);
          return whoHolds(kept);
        }
      }
      const presented = /^Bearer +([^ ]+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
      if (presented !== undefined) return whoHolds(presented);
      const password = by === undefined ? undefined : passwordIn(headers);
      if (password !== undefined) return whoGuesses(password, by!);
      throw new ServiceError('unauthorized', 'Send the API token as "Authorization: Bearer <token>".');
    },
  };
}

/** Browsers are never asked for one (no answer of ours challenges them to it), so no page makes use of one that is remembered. */
function passwordIn(headers: Headers): string | undefined {
  const credentials = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(headers.get('authorization') ?? '')?.[1];
  if (credentials === undefined) return undefined;
  return /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString())?.[1];
}

function digest(token: string): Uint8Array {
  return createHash('sha256').update(token).digest();
}
