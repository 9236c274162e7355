// The stack that these tests talk to: `npm run test:aws` deploys it and names it here.

import { setTimeout as delay } from 'node:timers/promises';
import { describe } from '@jest/globals';
import { type Answer, type Client, createClient } from '../../e2e/client.ts';
import { capabilities } from '../capabilities.ts';
import { DEPLOYMENT_VARIABLE, type Deployment } from '../stack.ts';

export interface Deployed extends Pick<Deployment, 'outputs'> {
  /** Where requests are signed on their way, as curl cannot. */
  apiUrl: string;
  /** Where they are not. */
  unsignedUrl: string;
  client: Client;
}

/** Tests of the deployed stack. Throws an Error where none is named: a test that is passed over shows nothing. */
export function describeDeployed(name: string, tests: (deployed: Deployed) => void): void {
  const named = process.env[DEPLOYMENT_VARIABLE];
  if (named === undefined) throw new Error('No stack is deployed: run these by "npm run test:aws".');
  const { outputs, apiUrl, signedUrl } = JSON.parse(named) as Deployment & { signedUrl: string };
  const client = createClient(signedUrl, { isForeign });
  const deployed = { outputs, apiUrl: signedUrl, unsignedUrl: apiUrl, client };
  describe(name, () => tests(deployed));
}

/** The base64 of what JSON objects begin with. */
const OBJECT_AS_BASE64 = Buffer.from('{"').toString('base64').slice(0, 2);

/**
 * Answers that the contract does not describe. What the gateway refuses by itself is called plain JSON by it; an emulator that
 * does not use the stack's responses does so for unknown routes as well, and one that decodes no base64 hands it on.
 */
function isForeign({ status, headers, body }: Answer): boolean {
  const { usesGatewayResponses, decodesBase64 } = capabilities();
  const isPlain = !headers.get('content-type')?.includes('problem');
  if (status === 401 && isPlain) return true;
  if (!usesGatewayResponses && status >= 400 && isPlain) return true;
  return !decodesBase64 && body.subarray(0, 2).toString('latin1') === OBJECT_AS_BASE64;
}

/** The first that is not undefined; throws after `withinMs`. */
export async function eventually<T>(
  withinMs: number,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (const until = Date.now() + withinMs; Date.now() < until; await delay(200)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`${what} did not happen within ${withinMs} ms`);
}

/** The path of a Location within the API: links begin with the stage. */
export function locationOf({ headers }: Answer): string {
  const location = headers.get('location') ?? '';
  if (!location.startsWith('/dev/')) throw new Error(`the link does not begin with the stage: ${location}`);
  return location.slice('/dev'.length);
}
