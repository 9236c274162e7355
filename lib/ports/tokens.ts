// Named tokens.

import type { Principal } from '../core/records/access.ts';
import type { TokenRecord } from '../core/records/access-token.ts';

/** What is said of a token when it is made. */
export type TokenInput = Pick<TokenRecord, 'name' | 'scopes' | 'resources' | 'expiresAt'>;

/** Named tokens, in a home that keeps its own. What another process changes counts from the next call on. */
export interface TokenRegistry {
  /** Whether a credential is asked for at all: from the first token on, for good. */
  isAsked(): boolean;
  /** Whom a token stands for, or why it opens nothing. */
  find(presented: string): { principal: Principal } | { fault: 'unknown' | 'revoked' | 'expired' };
  /** All that were ever made, in that order. */
  list(): TokenRecord[];
  /** Resolves with the record, and the token, which nobody can be told again. Throws PortError `exists` for a name in use. */
  make(input: TokenInput, by: string): Promise<{ record: TokenRecord; token: string }>;
  /** From the next call on it opens nothing. Throws PortError `not_found`; one that is revoked stays as it is. */
  revoke(id: string, by: string): Promise<TokenRecord>;
}
