// What the AWS SDK throws, in the words of the ports: here what is not there is the answer to a question about a source.

import { PortError, type PortErrorCode } from '../../ports/errors.ts';

const NAMES: Readonly<Record<string, PortErrorCode>> = {
  NoSuchKey: 'not_found',
  NoSuchBucket: 'not_found',
  NotFound: 'not_found',
  ResourceNotFoundException: 'not_found',
  PreconditionFailed: 'conflict',
  ConditionalRequestConflict: 'conflict',
  ConditionalCheckFailedException: 'conflict',
  ValidationException: 'conflict',
  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',
  PermanentRedirect: 'denied',
  AuthorizationHeaderMalformed: 'denied',
};

export function faultOf(word: string, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof PortError) return error;
  const {
    name = '',
    message = String(error),
    $metadata,
  } = error as Error & { $metadata?: { httpStatusCode?: number } };
  const byStatus =
    $metadata?.httpStatusCode === 403
      ? 'denied'
      : $metadata?.httpStatusCode === 404
        ? 'not_found'
        : 'unavailable';
  return new PortError(NAMES[name] ?? byStatus, `${word}: ${message} (${name})`, {
    cause: error,
    reason: name,
  });
}

/** As patient as a source may be: it is read in the background. */
export const PATIENCE = { maxAttempts: 6 };
