// Named tokens.

import { invalidRequest } from '../contract/problem.ts';
import { type TOKEN_ROUTES, viewToken } from '../contract/tokens.ts';
import type { HandlersOf } from './call.ts';
import { replyJson } from './reply.ts';

/** `now` gives epoch milliseconds. */
export function createTokenHandlers(now: () => number): HandlersOf<typeof TOKEN_ROUTES> {
  return {
    async listTokens(_input, { service }) {
      const tokens = (await service.listTokens()).map((record) => viewToken(record, now()));
      return replyJson(200, { tokens, count: tokens.length });
    },

    async makeToken({ fields }, { service, caller }) {
      const { resources: ids = [], prefixes = [], ...rest } = fields;
      const isForAll = fields.resources === undefined && fields.prefixes === undefined;
      const input = { ...rest, ...(isForAll ? {} : { resources: { ids, prefixes } }) };
      if (input.expiresAt !== undefined && input.expiresAt <= now()) {
        throw invalidRequest([{ pointer: '/expiresAt', detail: 'must be ahead' }]);
      }
      const { record, token } = await service.makeToken(input, caller);
      return replyJson(201, { ...viewToken(record, now()), token });
    },

    async revokeToken({ params }, { service, caller }) {
      const record = await service.revokeToken(params.id, caller);
      return replyJson(200, viewToken(record, now()));
    },
  };
}
