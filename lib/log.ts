// Structured logging: one JSON object a line, so that any log store can search it. Where lines go is the home's choice.

export type LogFields = Record<string, unknown>;

/** What the layers see of the log. Callers never pass bodies, tokens, keys or query values. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** A logger that hands finished lines, without their newline, to `write`. It never throws because of what it is given. */
export function createLogger(write: (line: string) => void, now: () => number = Date.now): Logger {
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}): void => {
      const core = { time: new Date(now()).toISOString(), level, message };
      write(toLine(core, fields));
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

/** For tests and tools that have nobody to tell. */
export const silentLogger: Logger = { info: () => {}, warn: () => {}, error: () => {} };

function toLine(core: LogFields, fields: LogFields): string {
  try {
    // Core first for the eye, and last so that no field can pose as it.
    return JSON.stringify({ ...core, ...fields, ...core }, replace);
  } catch {
    return JSON.stringify({ ...core, fields: 'could not be written' });
  }
}

/** Errors have no enumerable members and bigints no JSON: both would vanish or throw. */
function replace(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const code = 'code' in value ? { code: value.code } : {};
  return { name, message, ...code, stack, ...(cause === undefined ? {} : { cause }) };
}
