// What the AWS SDK throws, in the words of the ports. What is not listed is a bug, and stays as it is.

import { PortError, type PortErrorCode } from '../../ports/errors.ts';

/** By the name of the error, which is the service's own code. */
const NAMES: Record<string, PortErrorCode> = {
  NoSuchKey: 'not_found',
  NotFound: 'not_found',
  NotFoundException: 'not_found', // KMS: the key
  // S3 puts `KMS.` before what the key of its bucket said: nothing that says so is gone.
  'KMS.NotFoundException': 'denied',
  // What the deployment should have made. Not `not_found`, which would be an answer about a record or a blob.
  NoSuchBucket: 'unavailable',
  ResourceNotFoundException: 'unavailable',
  QueueDoesNotExist: 'unavailable',
  'AWS.SimpleQueueService.NonExistentQueue': 'unavailable',
  NoSuchUpload: 'unavailable',

  ConditionalCheckFailedException: 'conflict',
  PreconditionFailed: 'exists',
  ConditionalRequestConflict: 'unavailable',

  InvalidCiphertextException: 'integrity',
  IncorrectKeyException: 'integrity',
  BadDigest: 'integrity',
  XAmzContentSHA256Mismatch: 'integrity',
  XAmzContentChecksumMismatch: 'integrity',

  AccessDenied: 'denied',
  AccessDeniedException: 'denied',
  DisabledException: 'denied',
  KMSInvalidStateException: 'denied', // pending deletion, above all
  InvalidGrantTokenException: 'denied',
  InvalidKeyUsageException: 'denied',
  CredentialsProviderError: 'denied',
  ExpiredToken: 'denied',
  ExpiredTokenException: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  UnrecognizedClientException: 'denied',

  AbortError: 'unavailable', // our own deadline
  TimeoutError: 'unavailable',
  KeyUnavailableException: 'unavailable',
  DependencyTimeoutException: 'unavailable',
  KMSInternalException: 'unavailable',
  LimitExceededException: 'unavailable',
  OverLimit: 'unavailable',
  ProvisionedThroughputExceededException: 'unavailable',
  RequestLimitExceeded: 'unavailable',
  RequestTimeout: 'unavailable',
  SlowDown: 'unavailable',
  ThrottlingException: 'unavailable',
  Throttling: 'unavailable',
  TransactionConflictException: 'unavailable',
  TransactionInProgressException: 'unavailable',
};

const NETWORK_CODES = new Set([
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** The PortError for an error of the SDK, or the error itself. `doing` says what failed; it names no ARN, host or key. */
export function awsFailure(error: unknown, doing: string): unknown {
  if (!(error instanceof Error) || error instanceof PortError) {
    return error;
  }
  const code = codeOf(error);
  return code === undefined ? error : new PortError(code, `${doing}: ${error.name}`, { cause: error });
}

function codeOf(error: Error): PortErrorCode | undefined {
  const named = NAMES[error.name] ?? NAMES[error.name.replace(/^KMS\./, '')];
  if (named !== undefined) {
    return named;
  }
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && NETWORK_CODES.has(code)) {
    return 'unavailable';
  }
  return codeOfStatus(statusOf(error)) ?? (isUnreadable(error) ? 'unavailable' : undefined);
}

/** What stands between us and the service has answered in its place: with a page, say, where JSON or XML was due. */
function isUnreadable(error: Error): boolean {
  const { $fault, $response } = error as { $fault?: unknown; $response?: unknown };
  return $fault === 'server' || (error instanceof SyntaxError && $response !== undefined);
}

/** For answers without a body, to HEAD requests above all: they have no name of their own. */
function codeOfStatus(status: number | undefined): PortErrorCode | undefined {
  if (status === undefined) return undefined;
  if (status >= 500 || status === 429) return 'unavailable';
  if (status === 401 || status === 403) return 'denied';
  return status === 404 ? 'not_found' : undefined;
}

interface Metadata {
  httpStatusCode?: number;
  attempts?: number;
}

function metadataOf(error: unknown): Metadata {
  return (error as { $metadata?: Metadata } | undefined)?.$metadata ?? {};
}

/** The HTTP status of the answer, if there was one. */
function statusOf(error: unknown): number | undefined {
  // Where the body could not be read, only the answer itself has it.
  const { $response } = (error ?? {}) as { $response?: { statusCode?: number } };
  return metadataOf(error).httpStatusCode ?? $response?.statusCode;
}

/** How often the SDK tried. After more than one attempt, an earlier one may have done the work unseen. */
export function attemptsOf(error: unknown): number {
  return metadataOf(error).attempts ?? 1;
}

/** The name that the service gave its error, also behind a PortError; empty if there is none. */
export function awsNameOf(error: unknown): string {
  const origin = error instanceof PortError ? error.cause : error;
  return origin instanceof Error ? origin.name : '';
}
