// Signatures of webhooks, as Standard Webhooks 1.0 has them (standardwebhooks.com, "Signature scheme").

import { createHmac } from 'node:crypto';

const SECRET = /^(?:whsec_)?([A-Za-z0-9+/]+={0,2})$/;
/** Of the key; the specification asks for 24 to 64. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/** The key in a secret, as `whsec_` and Base64 write it; undefined for what is none. */
function keyOf(secret: string): Buffer | undefined {
  const [, text] = SECRET.exec(secret) ?? [];
  if (text === undefined) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX ? key : undefined;
}

/**
 * The header `webhook-signature`: one signature for each secret, with a space between them, so that a receiver may know any one of them.
 * Undefined if a secret is none. `timestamp` in seconds.
 */
export function signatureOf(
  secrets: readonly string[],
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): string | undefined {
  const keys = secrets.map(keyOf);
  if (keys.length === 0 || keys.includes(undefined)) return undefined;
  const signed = `${id}.${timestamp}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key!).update(signed).digest('base64')}`).join(' ');
}
