// Calls of functions without what stands before them.

import { sign, signingKeyOf } from './sigv4.ts';

/** Calls a function as its schedule would. Resolves with what it gives; throws if it fails. */
export async function invoke<T>(functionName: string, event: unknown): Promise<T> {
  const { env } = process;
  const url = new URL(`${env.AWS_ENDPOINT_URL}/2015-03-31/functions/${functionName}/invocations`);
  const body = JSON.stringify(event);
  const headers = await sign({ ...signingKeyOf(env), service: 'lambda' }, 'POST', url, body);
  const answer = await fetch(url, { method: 'POST', headers, body });
  const text = await answer.text();
  if (!answer.ok || answer.headers.has('x-amz-function-error')) {
    throw new Error(`${functionName} gave ${answer.status}: ${text}`);
  }
  return JSON.parse(text) as T;
}
