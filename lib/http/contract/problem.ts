// The one place where errors become answers: RFC 9457 problem documents, and nothing of our insides in them.

import { ERROR_CODES, type ErrorCode, type Fault, hasCode, ServiceError } from '../../core/records/errors.ts';
import type { Logger } from '../../log.ts';
import { PortError, type PortErrorCode } from '../../ports/errors.ts';

export const PROBLEM_TYPE_PREFIX = 'urn:backup-restore:error:';
export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** Faults in one answer; a megabyte of mistakes is not worth a megabyte of answers. */
const FAULTS_SHOWN_MAX = 50;

/** Where an error does not say when to come back. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  too_many_requests: 1,
  dependency_unavailable: 5,
  disk_full: 30,
  read_only: 30,
  // Until an operator has mended it.
  store_untrusted: 60,
  catalog_damaged: 60,
};

/** What came in between is over. */
const CONFLICT_RETRY_AFTER_SECONDS = 1;

/** What a port gives as its reason, where callers get a code of its own for it. */
const REASONED: ReadonlyMap<string | undefined, ErrorCode> = new Map([
  ['disk_full', 'disk_full'],
  ['read_only', 'read_only'],
]);

/** What a port's error is to a caller: never that the service has a bug, for it says so on purpose. */
const PORT_CODES: Record<PortErrorCode, ErrorCode> = {
  unavailable: 'dependency_unavailable',
  denied: 'dependency_unavailable',
  not_found: 'dependency_unavailable',
  integrity: 'integrity_error',
  conflict: 'write_conflict',
  exists: 'write_conflict',
};

const PORT_LINES: Record<PortErrorCode, string> = {
  unavailable: 'dependency unavailable',
  denied: 'dependency refuses us',
  not_found: 'a part of a dependency is missing',
  integrity: 'stored bytes are damaged',
  conflict: 'a conflict was not handled',
  exists: 'a conflict was not handled',
};

const BARE_DETAIL =
  'The error has been recorded. Quote the X-Request-Id of this answer when you report it; trying again may help.';

/** An `invalid_request` that lists every fault it knows, up to a bound that is named when it is reached. */
export function invalidRequest(faults: Fault[]): ServiceError {
  const where = faults.length === 1 ? 'One thing is' : `${faults.length} things are`;
  const cut = faults.length > FAULTS_SHOWN_MAX ? ` (the first ${FAULTS_SHOWN_MAX} are listed)` : '';
  return new ServiceError('invalid_request', `${where} wrong with the request; see errors${cut}.`, {
    errors: faults.slice(0, FAULTS_SHOWN_MAX),
  });
}

/**
 * What the caller may know of an error. Anything that nobody threw on purpose is logged here, with its cause, and
 * becomes a bare `internal_error`.
 */
export function toServiceError(error: unknown, log: Logger, requestId: string): ServiceError {
  if (error instanceof ServiceError && error.code !== 'internal_error') {
    // Refusals of input are in the request line; these are news for the operator.
    if (error.status >= 500 || hasCode(error, 'integrity_error', 'broken_chain')) {
      log.error('request failed', { requestId, code: error.code, error });
    }
    return error;
  }
  if (error instanceof PortError && error.reason === 'catalog_damaged') {
    log.error('catalog damaged', { requestId, code: 'catalog_damaged', error });
    return new ServiceError(
      'catalog_damaged',
      'What the catalog says is not what was written there. The backups are not touched.',
      {
        cause: error,
      },
    );
  }
  if (error instanceof PortError) {
    const code = codeOf(error);
    log.error(PORT_LINES[error.code], { requestId, code, error });
    const again = code === 'write_conflict' ? { retryAfterSeconds: CONFLICT_RETRY_AFTER_SECONDS } : {};
    return new ServiceError(code, detailOf(error, code), { cause: error, ...again });
  }
  log.error('unexpected error', { requestId, code: 'internal_error', error });
  return new ServiceError('internal_error', BARE_DETAIL, { cause: error });
}

function codeOf(error: PortError): ErrorCode {
  const known = error.code === 'unavailable' ? REASONED.get(error.reason) : undefined;
  return known ?? PORT_CODES[error.code];
}

function detailOf({ code, message }: PortError, shown: ErrorCode): string {
  if (code === 'integrity')
    return 'What is stored is not what was written; the log of the service says where.';
  if (code === 'conflict' || code === 'exists') return 'Another change came in between; try again.';
  if (shown === 'dependency_unavailable') {
    return 'A part of the service does not answer at the moment, so it is not certain whether the request took effect. Try again.';
  }
  // These messages are made of our own words: what failed, and how much room there is.
  return `${message.slice(0, 1).toUpperCase()}${message.slice(1)}. What is stored can be read all the same.`;
}

/** The problem document of an error; `instance` is the path of the request, without its query. */
export function problemDocument(error: ServiceError, instance: string): Record<string, unknown> {
  const [status, title] = ERROR_CODES[error.code];
  const core = {
    type: `${PROBLEM_TYPE_PREFIX}${error.code}`,
    title,
    status,
    detail: error.message,
    instance,
    code: error.code,
    ...(error.errors.length === 0 ? {} : { errors: error.errors }),
  };
  // Core last too: an extra member never replaces it.
  return { ...core, ...error.extra, ...core };
}

/** The answer to an error. `headers` are added to what the problem itself needs. */
export function problemResponse(
  error: ServiceError,
  instance: string,
  headers: Record<string, string> = {},
): Response {
  const body = new TextEncoder().encode(JSON.stringify(problemDocument(error, instance)));
  const retryAfter = error.retryAfterSeconds ?? RETRY_AFTER_SECONDS[error.code];
  return new Response(body, {
    status: error.status,
    headers: {
      'Content-Type': PROBLEM_MEDIA_TYPE,
      'Content-Length': String(body.length),
      ...(retryAfter === undefined ? {} : { 'Retry-After': String(Math.max(1, Math.ceil(retryAfter))) }),
      ...headers,
    },
  });
}
