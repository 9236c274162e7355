// Every way this service says no: one line a code, thrown where it is known, mapped to HTTP once at the edge.

export const ERROR_CODES = {
  malformed_json: [400, 'The body is not valid JSON'],
  json_too_deep: [400, 'The JSON is nested too deeply'],
  malformed_request: [400, 'The request is not valid HTTP'],
  invalid_request: [400, 'The request is not valid'],
  invalid_cursor: [400, 'The cursor is not valid'],
  unauthorized: [401, 'Authentication is required'],
  forbidden: [403, 'The request is refused'],
  encryption_required: [403, 'This deployment does not store unencrypted backups'],
  route_not_found: [404, 'There is no such route'],
  backup_not_found: [404, 'There is no such backup'],
  upload_not_found: [404, 'There is no such upload'],
  operation_not_found: [404, 'There is no such operation'],
  resource_not_found: [404, 'There is no such resource'],
  wait_not_found: [404, 'Nothing waits under that name'],
  token_not_found: [404, 'There is no such token'],
  channel_not_found: [404, 'There is no such channel'],
  delivery_not_found: [404, 'There is no such delivery'],
  policy_not_found: [404, 'There is no such policy'],
  source_not_found: [404, 'There is no such source'],
  schedule_not_found: [404, 'There is no such schedule'],
  run_not_found: [404, 'There is no such run'],
  snapshot_not_found: [404, 'There is no state at that instant'],
  path_not_found: [404, 'The state has nothing at that path'],
  delta_not_found: [404, 'The backup has no delta'],
  method_not_allowed: [405, 'The route does not take that method'],
  request_timeout: [408, 'The request did not arrive in time'],
  write_conflict: [409, 'Another writer was faster'],
  foreign_lineage: [409, 'The state is of another lineage'],
  out_of_order: [409, 'The state would stand before what is there'],
  unusual_change: [409, 'More has gone than is usual'],
  backup_protected: [409, 'The backup is held or locked'],
  integrity_error: [409, 'The stored bytes are not what was written'],
  broken_chain: [409, 'The backup cannot be rebuilt from what is stored'],
  token_exists: [409, 'A token of that name is in use'],
  source_in_use: [409, 'A schedule reads from the source'],
  run_under_way: [409, 'A run of the schedule is under way'],
  upload_taken: [409, 'The upload belongs to another backup'],
  result_unavailable: [409, 'The operation has no result to give'],
  precondition_failed: [412, 'What is there is not what was named'],
  payload_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The content type is not supported'],
  range_not_satisfiable: [416, 'The range is not one of the state'],
  expectation_failed: [417, 'The expectation cannot be met'],
  host_not_allowed: [421, 'The service does not answer to that name'],
  upload_mismatch: [422, 'The upload is not what was announced'],
  idempotency_key_reused: [422, 'The idempotency key was used with another body'],
  resource_locked: [423, 'The resource is locked'],
  too_many_requests: [429, 'Too many requests'],
  headers_too_large: [431, 'The headers are too large'],
  internal_error: [500, 'Something went wrong on our side'],
  dependency_unavailable: [503, 'A dependency is unavailable'],
  disk_full: [503, 'The disk is full'],
  store_untrusted: [503, 'What is stored cannot be trusted as it stands'],
  catalog_damaged: [503, 'The catalog is damaged'],
  read_only: [503, 'The store can only be read'],
  http_version_not_supported: [505, 'That version of HTTP is not spoken here'],
} as const satisfies Record<string, readonly [number, string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One fault in the input: where it is (JSON Pointer, RFC 6901) and what is wrong with it. */
export interface Fault {
  pointer: string;
  detail: string;
  /** Byte offset in the body, where one is known. */
  offset?: number;
}

export interface ErrorOptionsOfService {
  errors?: Fault[];
  /** Extra members of the problem document; must be safe to show. */
  extra?: Record<string, unknown>;
  retryAfterSeconds?: number;
  /** That the call was refused for want of a right, and of which. */
  refused?: Refused;
  cause?: unknown;
}

/** What somebody had no right to: for the audit trail, never shown. */
export interface Refused {
  scope?: string;
  /** The resource that was asked for, or is that of what was asked for. */
  resourceId?: string;
}

/** The only error that may cross a layer on purpose. `detail` is shown to the caller: no paths, no keys, no bodies. */
export class ServiceError extends Error {
  readonly code: ErrorCode;
  readonly errors: Fault[];
  readonly extra: Record<string, unknown>;
  readonly retryAfterSeconds: number | undefined;
  readonly refused: Refused | undefined;

  constructor(code: ErrorCode, detail: string, options: ErrorOptionsOfService = {}) {
    super(detail, { cause: options.cause });
    this.name = 'ServiceError';
    this.code = code;
    this.errors = options.errors ?? [];
    this.extra = options.extra ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.refused = options.refused;
  }

  /** The same answer to a call that was refused: one that says as little as if nothing were there. */
  asRefusal(refused: Refused): ServiceError {
    const { code, message, errors, extra, retryAfterSeconds, cause } = this;
    const again = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    return new ServiceError(code, message, { errors, extra, cause, ...again, refused });
  }

  get status(): number {
    return ERROR_CODES[this.code][0];
  }
}

/** True if `error` is a ServiceError with one of these codes. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is ServiceError {
  return error instanceof ServiceError && codes.includes(error.code);
}
