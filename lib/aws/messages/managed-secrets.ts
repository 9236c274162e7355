// Secrets of Secrets Manager, as text.

import { PortError } from '../../ports/errors.ts';
import type { SignedPost } from './signed.ts';

const TIMEOUT_MS = 5000;
/** What says that there is none. */
const MISSING = /ResourceNotFoundException/;

/** Throws PortError: `not_found`, `denied`, `unavailable`. */
export function createManagedSecrets(post: SignedPost) {
  return async (id: string): Promise<string> => {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'secretsmanager.GetSecretValue',
    };
    const body = JSON.stringify({ SecretId: id });
    let answer: Response;
    try {
      answer = await post('secretsmanager', headers, body, AbortSignal.timeout(TIMEOUT_MS));
    } catch (cause) {
      throw new PortError('unavailable', 'Secrets Manager does not answer', { cause });
    }
    const text = await answer.text();
    if (answer.ok) return (JSON.parse(text) as { SecretString?: string }).SecretString ?? '';
    if (MISSING.test(text)) throw new PortError('not_found', `there is no secret ${id}`);
    const code = answer.status === 400 || answer.status === 403 ? 'denied' : 'unavailable';
    throw new PortError(code, `Secrets Manager answered ${answer.status} about ${id}`);
  };
}
