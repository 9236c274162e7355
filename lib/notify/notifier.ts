// Carries each message its way.

import type { Notifier, Outgoing, SendResult } from '../ports/notifier.ts';

export type Senders = {
  [Way in Outgoing['way']]?: (
    message: Extract<Outgoing, { way: Way }>,
    timeoutMs: number,
  ) => Promise<SendResult>;
};

/** What there is no way for is refused. */
export function createNotifier(senders: Senders): Notifier {
  return {
    async send(message, timeoutMs) {
      const send = senders[message.way] as
        | ((message: Outgoing, timeoutMs: number) => Promise<SendResult>)
        | undefined;
      if (send === undefined) {
        return { ok: false, code: 'refused', detail: `This home does not send by ${message.way}.` };
      }
      return send(message, timeoutMs);
    },
  };
}
