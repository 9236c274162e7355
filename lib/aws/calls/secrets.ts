// Secrets of Secrets Manager, for sources: one signed call each, so that no function carries a client of its own for it.

import { AwsClient } from 'aws4fetch';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';
import type { SignedBy } from './signed-by-environment.ts';

const CODES: Readonly<Record<string, PortErrorCode>> = {
  ResourceNotFoundException: 'not_found',
  AccessDeniedException: 'denied',
  DecryptionFailure: 'denied',
  InvalidRequestException: 'denied',
};

/** Reads one, by its ARN or name. Throws PortError `not_found`, `denied`, `unavailable`; no message has a part of it. */
export function createSecretsClient({ region, endpoint, credentials }: SignedBy) {
  const url = endpoint ?? `https://secretsmanager.${region}.amazonaws.com/`;
  return async (id: string, signal?: AbortSignal): Promise<string> => {
    const client = new AwsClient({ ...credentials(), region, service: 'secretsmanager', retries: 2 });
    let answer: { SecretString?: string; __type?: string };
    let status: number;
    try {
      const response = await client.fetch(url, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-amz-json-1.1',
          'X-Amz-Target': 'secretsmanager.GetSecretValue',
        },
        body: JSON.stringify({ SecretId: id }),
        ...(signal === undefined ? {} : { signal }),
      });
      status = response.status;
      answer = (await response.json()) as typeof answer;
    } catch (cause) {
      if ((cause as Error).name === 'AbortError') throw cause;
      throw new PortError('unavailable', 'Secrets Manager does not answer', { cause });
    }
    if (status === 200 && typeof answer.SecretString === 'string') return answer.SecretString;
    // `com.amazonaws.secretsmanager#ResourceNotFoundException`, or without what stands before it.
    const type = answer.__type?.split('#').at(-1) ?? '';
    if (status === 200) throw new PortError('integrity', `the secret ${id} is no text`);
    throw new PortError(CODES[type] ?? 'unavailable', `the secret ${id} was not given: ${type || status}`);
  };
}
