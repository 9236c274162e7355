// Faults between a client and AWS, one attempt at a time: before it (it never arrived) or after it (its answer was lost).

import type { Clients } from './resources.ts';

export interface Attempt {
  command: string;
  input: object;
  /** From 0, of this command since the plan was made. */
  index: number;
}

export interface AttemptPlan {
  before?(attempt: Attempt): void;
  after?(attempt: Attempt): void;
}

type AnyClient = Clients[keyof Clients];

/** Runs `work` while the plan's throws take the place of what AWS answers. The SDK sees them as its own errors. */
export async function withAttempts<T>(
  client: AnyClient,
  plan: AttemptPlan,
  work: () => Promise<T>,
): Promise<T> {
  const counts = new Map<string, number>();
  const name = 'attempts';
  // The stacks of all clients have this step; their types differ only in what goes through it.
  const { middlewareStack } = client as Clients['kms'];
  middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const command = commandName.replace('Command', '');
        const attempt = { command, input: args.input, index: counts.get(command) ?? 0 };
        counts.set(command, attempt.index + 1);
        plan.before?.(attempt);
        const result = await next(args);
        plan.after?.(attempt);
        return result;
      },
    // Behind the SDK's own retries, which stand first in this step.
    { step: 'finalizeRequest', priority: 'low', name },
  );
  try {
    return await work();
  } finally {
    middlewareStack.remove(name);
  }
}

/** As the SDK sees a connection that breaks before the answer. */
export function lostAnswer(): Error {
  return Object.assign(new Error('socket hang up'), { name: 'TimeoutError', code: 'ECONNRESET' });
}
