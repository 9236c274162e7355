// What carries notifications to whoever is told.

/** One message, whole: with its secrets in it, so it is kept and logged nowhere. */
export type Outgoing =
  | { way: 'http'; url: string; headers: Record<string, string>; body: string }
  | {
      way: 'mail';
      server: string;
      user?: string;
      password?: string;
      from: string;
      to: string[];
      subject: string;
      text: string;
      /** The same for every attempt of one message. */
      id: string;
    }
  | { way: 'sns'; topicArn: string; subject: string; text: string; kind: string };

export type SendResult =
  | { ok: true; status?: number }
  | {
      ok: false;
      /** `status`: the receiver said no; `refused`: this home does not send there, whatever comes. */
      code: 'status' | 'timeout' | 'unreachable' | 'refused';
      status?: number;
      retryAfterMs?: number;
      /** The receiver will say the same again: nothing comes of trying. */
      isForGood?: true;
      /** A sentence without any secret in it. */
      detail: string;
    };

export interface Notifier {
  /**
   * Hands the message on, once, and resolves with what came of it, whatever that is: within `timeoutMs`, with no redirect followed and no more of an answer
   * read than its head. Throws what is a bug of ours.
   */
  send(message: Outgoing, timeoutMs: number): Promise<SendResult>;
}
