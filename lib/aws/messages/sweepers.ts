// Others of the same function, called to sweep beside it: by Lambda's own queue of calls that nobody waits for, which costs nothing while it
// is empty. One call each; what is lost of them costs time, and nothing else.

import { AwsClient } from 'aws4fetch';
import { PortError } from '../../ports/errors.ts';
import type { Sweepers } from '../../ports/sweepers.ts';
import type { SignedBy } from '../calls/signed-by-environment.ts';
import { SWEEP_HELP } from '../names/upkeep.ts';

export interface SweepersOptions extends SignedBy {
  functionName: string;
  most: number;
}

const TIMEOUT_MS = 10_000;

/** `call` throws PortError `denied` or `unavailable` where one of the calls was not taken. */
export function createSweepers(options: SweepersOptions): Sweepers {
  const { region, endpoint = `https://lambda.${region}.amazonaws.com`, functionName, most } = options;
  const url = `${endpoint}/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`;
  const callOne = async (): Promise<void> => {
    const client = new AwsClient({ ...options.credentials(), region, service: 'lambda', retries: 2 });
    let status: number;
    try {
      const answer = await client.fetch(url, {
        method: 'POST',
        headers: { 'X-Amz-Invocation-Type': 'Event', 'Content-Type': 'application/json' },
        body: JSON.stringify(SWEEP_HELP),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await answer.arrayBuffer();
      ({ status } = answer);
    } catch (cause) {
      throw new PortError('unavailable', 'Lambda does not answer', { cause });
    }
    // Taken, and done at some time.
    if (status === 202) return;
    throw new PortError(status === 403 ? 'denied' : 'unavailable', `the call was not taken: ${status}`);
  };
  return {
    most,
    async call(count) {
      await Promise.all(Array.from({ length: count }, callOne));
    },
  };
}
