// Named tokens as an operator makes and revokes them, each with its line in the trail.

import type { TokenRecord } from '../../core/records/access-token.ts';
import { ServiceError } from '../../core/records/errors.ts';
import { PortError } from '../../ports/errors.ts';
import type { TokenInput, TokenRegistry } from '../../ports/tokens.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { event } from '../kit/events.ts';

type TokenDeps = Pick<Deps, 'catalog' | 'clock' | 'random' | 'tokens'>;

/** All that were ever made. */
export function listTokens(deps: TokenDeps): TokenRecord[] {
  return registryOf(deps).list();
}

/** Makes a token; it is told to nobody whose trail has no line of it. Throws ServiceError `token_exists`. */
export async function makeToken(
  deps: TokenDeps,
  input: TokenInput,
  caller: Caller,
): Promise<{ record: TokenRecord; token: string }> {
  const made = await registryOf(deps)
    .make(input, caller.actor)
    .catch((error: unknown) => {
      if (!(error instanceof PortError && error.code === 'exists')) throw error;
      throw new ServiceError(
        'token_exists',
        `A token called ${input.name} is in use: revoke it first, or take another name.`,
        {
          errors: [{ pointer: '/name', detail: 'is in use' }],
        },
      );
    });
  const { id, name } = made.record;
  try {
    await tell(deps, 'token.created', caller, { id, name, scopes: made.record.scopes.join(' ') });
  } catch (error) {
    await registryOf(deps).revoke(id, caller.actor);
    throw error;
  }
  return made;
}

/** Revokes a token, at once; the trail follows. Throws ServiceError `token_not_found`. */
export async function revokeToken(deps: TokenDeps, id: string, caller: Caller): Promise<TokenRecord> {
  const record = await registryOf(deps)
    .revoke(id, caller.actor)
    .catch((error: unknown) => {
      if (!(error instanceof PortError && error.code === 'not_found')) throw error;
      throw new ServiceError('token_not_found', `There is no token ${id}.`);
    });
  await tell(deps, 'token.revoked', caller, { id, name: record.name });
  return record;
}

/** Writes into the trail that a page has signed in, or out. What cannot be written down is logged. */
export async function noteSession(
  deps: TokenDeps & Pick<Deps, 'log'>,
  what: 'opened' | 'closed',
  caller: Caller,
): Promise<void> {
  try {
    await tell(deps, `session.${what}`, caller, {});
  } catch (error) {
    deps.log.error('a session could not be written down', { what, actor: caller.actor, error });
  }
}

async function tell(
  deps: TokenDeps,
  action: 'token.created' | 'token.revoked' | 'session.opened' | 'session.closed',
  caller: Caller,
  detail: Record<string, string>,
): Promise<void> {
  const { catalog, clock } = deps;
  await catalog.commit([event(deps, action, clock.now(), caller, { resourceId: '', detail })]);
}

function registryOf({ tokens }: TokenDeps): TokenRegistry {
  if (tokens === undefined)
    throw new ServiceError('route_not_found', 'This deployment keeps no tokens of its own.');
  return tokens;
}
