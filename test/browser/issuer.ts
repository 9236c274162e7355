// An issuer of tokens and a gateway before a service, as a stack has them: codes are good once, and only for whoever has the verifier.

import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAuthorizer } from '../../lib/aws/access/authorizer.ts';
import { patternsOf } from '../../lib/aws/names/route-patterns.ts';
import { ROUTE_LIST } from '../../lib/http/contract/routes.ts';
import { createConsole } from '../../lib/http/server/console.ts';
import { silentLogger } from '../../lib/log.ts';
import { lets, type PolicyStatement } from '../functions/iam.ts';
import { AUDIENCE, createSigner, ISSUER, tokenOf } from '../functions/tokens.ts';

const CLIENT_ID = 'console';
const STAGE = 'arn:aws:execute-api:us-east-1:123456789012:abc123/prod';

export interface IssuerWorld {
  /** Where the gateway's stage begins. */
  url: string;
  /** The next sign-in at the issuer ends with this error. */
  refuseNext(error: string, description: string): void;
  /** Seconds that tokens are good for from now on. */
  tokenSeconds: number;
  /** Whether a token can be renewed from now on. */
  isRenewing: boolean;
  /** Whether what it has given so far is good no more. */
  hasRevoked: boolean;
  /** What was asked of the issuer, in order. */
  asked: string[];
  stop(): void;
}

/** Before the service at `serviceUrl`, which lets everybody in. */
export async function startIssuerWorld(serviceUrl: string): Promise<IssuerWorld> {
  const signer = createSigner('ES256', 'k1');
  const authorize = createAuthorizer({
    config: {
      issuer: ISSUER,
      audiences: [AUDIENCE],
      scopePrefix: 'backups/',
      resourcesClaim: 'backup_resources',
      routes: patternsOf(ROUTE_LIST),
    },
    findKey: async (kid) => (kid === 'k1' ? signer.jwk : undefined),
    log: silentLogger,
  });
  const codes = new Map<string, { challenge: string; redirectUri: string; scope: string }>();
  const renewals = new Map<string, string>();
  let refusal: { error: string; error_description: string } | undefined;
  const world = { tokenSeconds: 300, isRenewing: false, hasRevoked: false, asked: [] as string[] };

  const issue = (scope: string) => {
    const exp = Math.floor(Date.now() / 1000) + Math.max(world.tokenSeconds, 1);
    const claims = { iss: ISSUER, aud: AUDIENCE, sub: 'alice', scope, exp, jti: randomUUID() };
    const refresh = randomUUID();
    if (world.isRenewing) renewals.set(refresh, scope);
    return {
      access_token: tokenOf(signer, claims),
      token_type: 'Bearer',
      expires_in: world.tokenSeconds,
      ...(world.isRenewing ? { refresh_token: refresh } : {}),
    };
  };

  const issuer = createServer((incoming, outgoing) => {
    const { pathname, searchParams: given } = new URL(incoming.url!, 'http://issuer');
    world.asked.push(`${incoming.method} ${pathname}`);
    if (pathname === '/authorize') {
      const back = new URL(given.get('redirect_uri')!);
      back.searchParams.set('state', given.get('state')!);
      if (refusal === undefined) {
        const code = randomUUID();
        if (given.get('code_challenge_method') !== 'S256' || given.get('client_id') !== CLIENT_ID) {
          throw new Error('no client of this issuer');
        }
        codes.set(code, {
          challenge: given.get('code_challenge')!,
          redirectUri: given.get('redirect_uri')!,
          scope: given.get('scope')!,
        });
        back.searchParams.set('code', code);
      } else for (const [name, value] of Object.entries(refusal)) back.searchParams.set(name, value);
      refusal = undefined;
      outgoing.writeHead(302, { Location: back.href }).end();
      return;
    }
    void textOf(incoming).then((body) => {
      const form = new URLSearchParams(body);
      const answer = (status: number, json: object) =>
        outgoing
          .writeHead(status, { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' })
          .end(JSON.stringify(json));
      if (form.get('grant_type') === 'refresh_token') {
        const scope = world.hasRevoked ? undefined : renewals.get(form.get('refresh_token') ?? '');
        answer(
          scope === undefined ? 400 : 200,
          scope === undefined ? { error: 'invalid_grant' } : issue(scope),
        );
        return;
      }
      const begun = codes.get(form.get('code') ?? '');
      codes.delete(form.get('code') ?? '');
      const proof = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      const isGood = begun?.challenge === proof && begun.redirectUri === form.get('redirect_uri');
      answer(isGood ? 200 : 400, isGood ? issue(begun.scope) : { error: 'invalid_grant' });
    });
  });
  const issuerUrl = await listening(issuer);

  const pages = createConsole({
    folder: 'dist/console',
    basePath: '/prod',
    signIn: {
      issuer: ISSUER,
      authorizationEndpoint: `${issuerUrl}/authorize`,
      tokenEndpoint: `${issuerUrl}/token`,
      clientId: CLIENT_ID,
      scopes: 'openid backups/backup:list backups/data:read',
      audience: AUDIENCE,
      scopePrefix: 'backups/',
    },
    log: silentLogger,
  });
  const gateway = createServer((incoming, outgoing) => {
    void serve(incoming).then((response) => send(response, outgoing));
  });
  const serve = async (incoming: IncomingMessage): Promise<Response> => {
    const { pathname, search } = new URL(incoming.url!, 'http://gateway');
    const path = pathname.replace(/^\/prod/, '');
    const headers = new Headers(
      Object.entries(incoming.headers).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
    // What is packed would be unpacked on the way through here.
    headers.delete('accept-encoding');
    const page = pages(new Request(new URL(path, 'http://gateway'), { headers }));
    if (page !== undefined) return page;
    if (path !== '/') {
      try {
        if (world.hasRevoked) throw new Error('revoked');
        const { policyDocument } = await authorize({
          authorizationToken: headers.get('authorization') ?? '',
          methodArn: `${STAGE}/${incoming.method}${path}`,
        });
        const statements = policyDocument.Statement as unknown as PolicyStatement[];
        if (!lets(statements, `${STAGE}/${incoming.method}${path}`)) {
          return Response.json({ code: 'forbidden', detail: 'no right to this route' }, { status: 403 });
        }
      } catch {
        return Response.json({ code: 'unauthorized', detail: 'no good token' }, { status: 401 });
      }
    }
    const body = await textOf(incoming);
    return fetch(`${serviceUrl}${path}${search}`, {
      method: incoming.method!,
      headers: { 'Content-Type': 'application/json' },
      ...(body === '' ? {} : { body }),
    });
  };
  const url = `${await listening(gateway)}/prod`;
  return Object.assign(world, {
    url,
    refuseNext(error: string, error_description: string) {
      refusal = { error, error_description };
    },
    stop() {
      for (const server of [issuer, gateway]) {
        server.close();
        server.closeAllConnections();
      }
    },
  });
}

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  const headers = Object.fromEntries(
    [...response.headers].filter(
      ([name]) => !/^(content-encoding|content-length|transfer-encoding)$/.test(name),
    ),
  );
  outgoing.writeHead(response.status, headers).end(Buffer.from(await response.arrayBuffer()));
}
