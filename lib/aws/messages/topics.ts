// Messages by SNS.

import type { Outgoing, SendResult } from '../../ports/notifier.ts';
import type { SignedPost } from './signed.ts';

/** Characters that a subject may have (SNS API Reference, "Publish"): what it refuses would be refused for ever. */
const SUBJECT_CHARS_MAX = 99;
const NOT_PLAIN = /[^\x20-\x7e]/g;

export function createTopicSender(post: SignedPost) {
  return async (
    { topicArn, subject, text, kind }: Extract<Outgoing, { way: 'sns' }>,
    timeoutMs: number,
  ): Promise<SendResult> => {
    const form = new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: topicArn,
      Subject: subject.replace(NOT_PLAIN, '?').slice(0, SUBJECT_CHARS_MAX),
      Message: text,
      'MessageAttributes.entry.1.Name': 'kind',
      'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': kind,
    });
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { ok, status, body } = await post('sns', headers, form.toString(), signal);
      await body?.cancel();
      return ok ? { ok, status } : { ok, code: 'status', status, detail: `SNS answered ${status}.` };
    } catch {
      const code = signal.aborted ? 'timeout' : 'unreachable';
      return { ok: false, code, detail: 'SNS did not answer.' };
    }
  };
}
