// What the client throws: one class, told apart by its code.

/** A fault of the input: where it is (JSON Pointer, RFC 6901), and what is wrong with it. */
export interface Fault {
  pointer: string;
  detail: string;
}

/**
 * The service said no, or did not say anything. `code` is the service's own (`backup_not_found` ...), or of the client: `network_error` (no
 * answer came; `cause` has why), `bad_answer` (what came is not what the service sends), `checksum_mismatch` (a state is not what
 * it was), `backup_failed` and `restore_failed` (accepted, and failed in the background).
 */
export class BackupError extends Error {
  readonly code: string;
  /** 0 where there was no answer. */
  readonly status: number;
  readonly errors: readonly Fault[];
  /** What the service's log knows the call by. */
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** All that the answer said (RFC 9457). */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    more: { status?: number; headers?: Headers; problem?: Record<string, unknown>; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.name = 'BackupError';
    this.code = code;
    this.status = more.status ?? 0;
    this.problem = more.problem ?? {};
    this.errors = Array.isArray(this.problem.errors) ? (this.problem.errors as Fault[]) : [];
    this.requestId = more.headers?.get('x-request-id') ?? undefined;
    const after = Number(more.headers?.get('retry-after') ?? Number.NaN);
    this.retryAfterSeconds = Number.isFinite(after) ? after : undefined;
  }
}

/** The error that an answer is. A gateway before the service may answer with anything. */
export async function errorOf(response: Response): Promise<BackupError> {
  const { status, headers } = response;
  const text = await response.text().catch(() => '');
  let problem: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) problem = parsed as Record<string, unknown>;
  } catch {
    // Not of the service: then the status is all there is.
  }
  const { code, detail, title, message } = problem;
  const said = [detail, title, message].find((one) => typeof one === 'string' && one !== '');
  return new BackupError(
    typeof code === 'string' ? code : `http_${status}`,
    typeof said === 'string' ? said : `The service answered ${status} ${response.statusText}`.trim(),
    { status, headers, problem },
  );
}
