// Messages by SMTP. The library is loaded with the first of them.

import { lookup } from 'node:dns/promises';
import { setTimeout as wait } from 'node:timers/promises';
import type { Outgoing, SendResult } from '../ports/notifier.ts';
import { isPrivate } from '../private-addresses.ts';

const PORTS: Readonly<Record<string, number>> = { 'smtps:': 465, 'smtp:': 587 };

export function createMailSender({ allowsPrivate }: { allowsPrivate: boolean }) {
  return async (
    { server, user, password, from, to, subject, text, id }: Extract<Outgoing, { way: 'mail' }>,
    timeoutMs: number,
  ): Promise<SendResult> => {
    const place = new URL(server);
    const host = place.hostname.replace(/^\[|\]$/g, '');
    const address = allowsPrivate ? host : await publicAddressOf(host);
    if (address === undefined) {
      return {
        ok: false,
        code: 'refused',
        detail: 'Its address is private, or none, and this home does not send there.',
      };
    }
    const { createTransport } = await import('nodemailer');
    const isSecure = place.protocol === 'smtps:';
    const transport = createTransport({
      host: address,
      port: place.port === '' ? PORTS[place.protocol]! : Number(place.port),
      secure: isSecure,
      // A password is said only where nobody listens.
      requireTLS: !isSecure && user !== undefined,
      tls: { servername: host },
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    const late = new AbortController();
    try {
      const sent = transport.sendMail({
        from,
        to,
        subject,
        text,
        messageId: `<${id}@backup-restore-service>`,
      });
      const info = await Promise.race([sent, wait(timeoutMs, undefined, { signal: late.signal })]);
      if (info !== undefined) return resultOf(info, to.length);
      sent.catch(() => {});
      return { ok: false, code: 'timeout', detail: 'It did not answer in time.' };
    } catch (error) {
      return faultOf(error);
    } finally {
      late.abort();
      transport.close();
    }
  };
}

interface Refusal {
  code?: string | undefined;
  responseCode?: number | undefined;
}

/** A letter that not all may have has been taken for the others: for them it comes again with the same id, if it is worth trying. */
function resultOf(
  { rejectedErrors = [] }: { rejectedErrors?: Refusal[] | undefined },
  count: number,
): SendResult {
  if (rejectedErrors.length === 0) return { ok: true };
  // One that is refused for now counts before one that is refused for good.
  const worst = rejectedErrors.find((refusal) => !isForGood(refusal)) ?? rejectedErrors[0]!;
  const { responseCode: status } = worst;
  return {
    ...{ ok: false, code: 'status' },
    ...(status === undefined ? {} : { status }),
    ...(isForGood(worst) ? { isForGood: true } : {}),
    detail: `It refused ${rejectedErrors.length} of ${count} recipients (${status ?? worst.code}).`,
  };
}

/** What the server says may repeat what it was sent: only its code is told. */
function faultOf(error: unknown): SendResult {
  const { code = 'failed', responseCode: status } = error as Refusal;
  if (code === 'ETIMEDOUT') return { ok: false, code: 'timeout', detail: 'It did not answer in time.' };
  if (status === undefined)
    return { ok: false, code: 'unreachable', detail: `It cannot be reached (${code}).` };
  const detail = `It answered ${status} (${code}).`;
  return {
    ok: false,
    code: 'status',
    status,
    ...(isForGood(error as Refusal) ? { isForGood: true } : {}),
    detail,
  };
}

/** RFC 5321, 4.2.1: what is 5yz is not to be asked again. A password that is refused may be exchanged where it stands. */
function isForGood({ code, responseCode = 0 }: Refusal): boolean {
  return responseCode >= 500 && code !== 'EAUTH';
}

async function publicAddressOf(host: string): Promise<string | undefined> {
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.some(({ address }) => isPrivate(address)) ? undefined : addresses[0]?.address;
  } catch {
    // No such name: it is said as what cannot be sent to.
    return undefined;
  }
}
