// Counts what goes wrong by the codes of what is logged: whoever watches the figures need not know a word of any message.

import type { LogFields, Logger } from '../../log.ts';
import type { CountName, Meter } from '../../ports/meter.ts';

/** What a code says of the whole; each kind has its alarm. */
const KINDS: Readonly<Record<string, CountName>> = {
  integrity_error: 'integrity_error',
  broken_chain: 'integrity_error',
  integrity: 'integrity_error',
  denied: 'key_error',
  unavailable: 'dependency_error',
};

/** Errors have causes, but no circle of them may hang us. */
const CAUSES_MAX = 8;

/** The log, of whose lines every kind is counted once a line: a request's own names its code too. */
export function countingErrors(log: Logger, meter: Meter): Logger {
  const counted =
    (write: (message: string, fields?: LogFields) => void) =>
    (message: string, fields?: LogFields): void => {
      write(message, fields);
      for (const kind of kindsIn(fields)) meter.count(kind);
    };
  return { info: counted(log.info), warn: counted(log.warn), error: counted(log.error) };
}

function kindsIn(fields: LogFields = {}): Set<CountName> {
  const kinds = new Set<CountName>();
  const take = (code: unknown): void => {
    const kind = typeof code === 'string' && Object.hasOwn(KINDS, code) ? KINDS[code] : undefined;
    if (kind !== undefined) kinds.add(kind);
  };
  take(fields.code);
  let error = fields.error;
  for (let n = 0; n < CAUSES_MAX && typeof error === 'object' && error !== null; n++) {
    take((error as { code?: unknown }).code);
    error = (error as { cause?: unknown }).cause;
  }
  return kinds;
}

/** A meter for a port of keys: every call that fails there is told as what it means for keys, too. */
export function countingKeyErrors(meter: Meter): Meter {
  return {
    count(name, tags, times) {
      // A dependency that does not answer is no missing key; everything else that KMS says is.
      if (name === 'port_failure' && tags?.code !== 'unavailable') meter.count('key_error', {}, times);
    },
    time() {},
    size() {},
  };
}
