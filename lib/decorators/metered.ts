// Tells a meter of every call of a port: how long it took, and with which code it failed.

import type { Clock } from '../ports/clock.ts';
import { PortError } from '../ports/errors.ts';
import type { Meter } from '../ports/meter.ts';
import { around } from './around.ts';

/** Milliseconds of a call, whatever became of it, by port and method. Of what is read in chunks, until the first can be asked for. */
const PORT_CALL = 'port_call';
/** Calls that failed, by port, method and the code of the PortError; `bug` for whatever else was thrown. */
const PORT_FAILURE = 'port_failure';

/** The port, whose calls are told to `meter` as those of `name`. */
export function metered<Port extends object>(
  port: Port,
  name: string,
  { meter, clock }: { meter: Meter; clock: Pick<Clock, 'monotonic'> },
): Port {
  return around(port, ({ method }, run) => {
    const tags = { port: name, method };
    const began = clock.monotonic();
    const done = () => meter.time(PORT_CALL, clock.monotonic() - began, tags);
    const fail = (error: unknown): never => {
      done();
      meter.count(PORT_FAILURE, { ...tags, code: error instanceof PortError ? error.code : 'bug' });
      throw error;
    };
    let result: unknown;
    try {
      result = run();
    } catch (error) {
      return fail(error);
    }
    if (!(result instanceof Promise)) {
      done();
      return result;
    }
    return result.then((value: unknown) => {
      done();
      return value;
    }, fail);
  });
}
