// Letters by SMTP, to a real server: encrypted before a password is said, refused for now, refused for good.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { createMailSender } from '../../lib/notify/mail.ts';
import type { Outgoing } from '../../lib/ports/notifier.ts';
import { createScene } from '../service/notifications/scene.ts';

interface Letter {
  from: string;
  to: string[];
  text: string;
  user: string | undefined;
  isEncrypted: boolean;
}

const before = getCACertificates('default');
let identity: { key: string; cert: string };
beforeAll(() => {
  const folder = mkdtempSync(join(tmpdir(), 'backup-mail-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ],
    { stdio: 'ignore' },
  );
  identity = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  rmSync(folder, { recursive: true });
  setDefaultCACertificates([...before, identity.cert]);
});
afterAll(() => setDefaultCACertificates(before));

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

const USER = { user: 'backups', password: 'of-the-mailbox' };
/** What a server says no with, as it stands in the answer. */
const no = (responseCode: number, message = 'No') => Object.assign(new Error(message), { responseCode });

/** Takes letters of whoever says the password, if it asks for one; `options` change that. */
async function serve(options: SMTPServerOptions = {}) {
  const letters: Letter[] = [];
  const passwords: string[] = [];
  const server = new SMTPServer({
    ...identity,
    logger: false,
    authOptional: true,
    onAuth({ username, password }, _session, done) {
      passwords.push(password ?? '');
      if (username === USER.user && password === USER.password) done(null, { user: username });
      else done(no(535, `Not ${password}`));
    },
    onData(stream, { envelope, secure, user }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        letters.push({
          ...{ from, to: envelope.rcptTo.map(({ address }) => address), user, isEncrypted: secure },
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
    ...options,
  });
  // A client that trusts nobody ends the connection.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const { port } = server.server.address() as AddressInfo;
  return { letters, passwords, url: `${options.secure ? 'smtps' : 'smtp'}://localhost:${port}` };
}

const send = createMailSender({ allowsPrivate: true });
const letter = (server: string, more: object = {}): Extract<Outgoing, { way: 'mail' }> => ({
  ...{ way: 'mail', server, from: 'Backups <backups@example.org>', to: ['ops@example.org'] },
  ...{ subject: '[backup] Ü of app/db', text: 'A backup was not made.\n', id: 'event-1' },
  ...more,
});

test.each([
  ['smtp, which goes on encrypted', {}],
  ['smtps', { secure: true }],
])('by %s a letter arrives whole, and the password is said in secret', async (_name, options) => {
  const { letters, url } = await serve({ ...options, authOptional: false });
  const to = ['ops@example.org', 'On Call <call@example.org>'];
  expect(await send(letter(url, { ...USER, to }), 5000)).toEqual({ ok: true });
  expect(letters).toMatchObject([
    {
      from: 'backups@example.org',
      to: ['ops@example.org', 'call@example.org'],
      user: 'backups',
      isEncrypted: true,
    },
  ]);
  const [{ text }] = letters as [Letter];
  expect(text).toContain('Message-ID: <event-1@backup-restore-service>');
  expect(text).toContain('Subject: =?UTF-8?');
  expect(text).toContain('A backup was not made.');
});

test('no password is said where somebody may listen, and without one a letter goes in clear', async () => {
  const { letters, passwords, url } = await serve({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
  });
  expect(await send(letter(url, USER), 5000)).toMatchObject({ ok: false });
  expect([letters, passwords]).toEqual([[], []]);
  expect(await send(letter(url), 5000)).toEqual({ ok: true });
  expect(letters).toMatchObject([{ isEncrypted: false, user: undefined }]);
});

test('a server that is not who it says it is gets no letter and no password', async () => {
  setDefaultCACertificates(before);
  try {
    const { letters, passwords, url } = await serve();
    expect(await send(letter(url, USER), 5000)).toMatchObject({ ok: false, code: 'unreachable' });
    expect([letters, passwords]).toEqual([[], []]);
  } finally {
    setDefaultCACertificates([...before, identity.cert]);
  }
});

test('a password that is refused is tried again: it may be exchanged where it stands, and is said nowhere', async () => {
  const { url } = await serve();
  const result = await send(letter(url, { ...USER, password: 'a-wrong-one' }), 5000);
  expect(result).toMatchObject({ ok: false, code: 'status', status: 535 });
  expect(result).not.toHaveProperty('isForGood');
  expect(JSON.stringify(result)).not.toContain('a-wrong-one');
});

const refusing = (step: 'onMailFrom' | 'onRcptTo', code: number): SMTPServerOptions => ({
  [step]: (_address: unknown, _session: unknown, done: (error?: Error) => void) =>
    done(no(code, 'ops@example.org? No')),
});
const refusingData = (code: number): SMTPServerOptions => ({
  onData(stream, _session, done) {
    stream.resume();
    stream.on('end', () => done(no(code)));
  },
});

test.each([
  ['its sender', 451, refusing('onMailFrom', 451)],
  ['its sender', 553, refusing('onMailFrom', 553)],
  ['who it is for', 450, refusing('onRcptTo', 450)],
  ['who it is for', 550, refusing('onRcptTo', 550)],
  ['the letter', 452, refusingData(452)],
  ['the letter', 554, refusingData(554)],
])('%s is refused with %d: 4xx for now, 5xx for good', async (_name, status, options) => {
  const { url } = await serve(options);
  const result = await send(letter(url), 5000);
  expect(result).toMatchObject({ ok: false, code: 'status', status });
  expect('isForGood' in result && result.isForGood).toBe(status >= 500);
  expect(JSON.stringify(result)).not.toContain('ops@');
});

test.each([
  [550, true],
  [451, false],
])('that one of several is refused with %d is no success', async (status, isForGood) => {
  const { letters, url } = await serve({
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('gone@') ? no(status) : null),
  });
  const result = await send(letter(url, { to: ['ops@example.org', 'gone@example.org'] }), 5000);
  expect(result).toMatchObject({ ok: false, status, detail: `It refused 1 of 2 recipients (${status}).` });
  expect('isForGood' in result).toBe(isForGood);
  expect(letters.map(({ to }) => to)).toEqual([['ops@example.org']]);
});

test('who never answers, and who is not there, are told apart', async () => {
  const silent: Server = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const { port } = silent.address() as AddressInfo;
  expect(await send(letter(`smtp://localhost:${port}`), 300)).toMatchObject({ ok: false, code: 'timeout' });
  await new Promise((resolve) => silent.close(resolve));
  expect(await send(letter(`smtp://localhost:${port}`), 5000)).toMatchObject({
    ok: false,
    code: 'unreachable',
  });
});

test('where a home says so no letter goes to a private address', async () => {
  const { letters, url } = await serve();
  const closed = createMailSender({ allowsPrivate: false });
  expect(await closed(letter(url), 5000)).toMatchObject({ ok: false, code: 'refused' });
  expect(letters).toEqual([]);
});

test('a channel of letters: refused for now it is told again under the same id, refused for good it is given up', async () => {
  let code = 451;
  const { letters, url } = await serve({
    onRcptTo: (_address, _session, done) => done(code === 0 ? null : no(code)),
  });
  const {
    world,
    put,
    relay,
    send: sendDue,
    deliveries,
  } = createScene((message) => send(message as unknown as Extract<Outgoing, { way: 'mail' }>, 5000));
  await put('ops', {
    target: { kind: 'mail', server: url, from: 'backups@example.org', to: ['ops@example.org'] },
  });
  await world.backup('db', '1');
  await relay();
  await sendDue();
  expect(await deliveries('ops')).toMatchObject([{ state: 'pending', attempts: [{ status: 451 }] }]);
  code = 0;
  world.clock.advance(60_000);
  await sendDue();
  const [first] = await deliveries('ops');
  expect(first).toMatchObject({ state: 'delivered', tries: 2 });
  expect(letters).toHaveLength(1);
  expect(letters[0]!.text).toContain(`Message-ID: <${first!.event.id}@backup-restore-service>`);

  code = 550;
  await world.backup('db', '2');
  await relay();
  await sendDue();
  expect((await deliveries('ops'))[1]).toMatchObject({
    state: 'failed',
    tries: 1,
    attempts: [{ status: 550 }],
  });
});
