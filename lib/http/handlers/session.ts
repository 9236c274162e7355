// Sessions of pages.

import { NOBODY, type Principal } from '../../core/records/access.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { type SESSION_ROUTES, viewSession } from '../contract/session.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

export interface SessionHandlerDeps {
  /** Of the product. */
  version: string;
  /** Epoch milliseconds. */
  now: () => number;
  /** Whether a credential is asked for, as of now. */
  isCredentialAsked: () => boolean;
  /** Whom a token stands for. Throws ServiceError `unauthorized`. */
  whoHolds: (token: string) => Principal;
  /** Where callers are known by tokens. */
  sessions?: {
    open(token: string, isSecure: boolean): string;
    close(headers: Headers): { cookie: string; wasOpen: boolean };
    demandPatience(address: string): void;
    noteGuess(address: string): void;
  };
}

export function createSessionHandlers(deps: SessionHandlerDeps): HandlersOf<typeof SESSION_ROUTES> {
  const { version, now, isCredentialAsked, whoHolds, sessions } = deps;
  const view = (principal: Principal) =>
    viewSession(principal, {
      required: isCredentialAsked(),
      isKnown: principal !== NOBODY,
      now: now(),
      version,
    });

  return {
    async getSession(_input, { principal }) {
      return replyJson(200, view(principal));
    },

    async openSession({ fields: { token } }, { service, caller, origin }) {
      const { address = '' } = caller;
      sessions!.demandPatience(address);
      let principal: Principal;
      try {
        principal = whoHolds(token);
      } catch (error) {
        if (!hasCode(error, 'unauthorized')) throw error;
        sessions!.noteGuess(address);
        // One answer for all three, so that nobody learns which tokens there were.
        throw new ServiceError(
          'unauthorized',
          'This token is not accepted: it is unknown, expired or revoked.',
        );
      }
      const cookie = sessions!.open(token, origin.startsWith('https:'));
      await service.noteSession('opened', { ...caller, actor: principal.subject });
      return replyJson(201, view(principal), { 'Set-Cookie': cookie });
    },

    async closeSession(_input, { service, caller, headers, principal }) {
      const { cookie, wasOpen } = sessions!.close(headers);
      if (wasOpen && principal !== NOBODY) await service.noteSession('closed', caller);
      // Who needs no credential is still the same.
      return replyJson(200, view(isCredentialAsked() ? NOBODY : principal), { 'Set-Cookie': cookie });
    },
  };
}
