// The command line as its users run it: in a pipe, and on a terminal.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { nodePath, startServer, temporaryFolder } from '../e2e/server.ts';
import {
  BRS,
  brs,
  environment,
  folder,
  lines,
  objects,
  onTerminal,
  run,
  server,
  shell,
  withService,
} from './brs.ts';

withService();

const BEFORE = '{"users":[{"id":42,"email":"a@b","n":12345678901234567890.10},{"id":7,"email":"x"}]}';
const AFTER = '{"users":[{"id":42,"email":"A@B","n":12345678901234567890.10},{"id":8,"email":"y"}]}';

describe('five commands', () => {
  test('back up a file, show what changed and when, and bring a value back', async () => {
    writeFileSync(join(folder, 'shop.json'), BEFORE);
    expect(await brs('create', 'shop', 'shop.json', '--tag', 'env=prod')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^backup-\d+ {2}full {2}84 B -> \d+ B {2}proven {2}kept until \d{4}-/),
    });
    writeFileSync(join(folder, 'shop.json'), AFTER);
    expect((await brs('create', 'shop', 'shop.json')).out).toContain('incremental  84 B -> ');
    expect((await brs('diff', 'shop')).out).toBe(
      '~ /users/id=42/email\n    - "a@b"\n    + "A@B"\n+ /users/id=8  {"id":8,"email":"y"}\n- /users/id=7  {"id":7,"email":"x"}\n',
    );
    const log = await brs('log', 'shop', '--path', '/users/id=42/email');
    expect(lines(log).map((line) => line.split(/ {2,}/).slice(2))).toEqual([
      ['changed', '"a@b" -> "A@B"'],
      ['first', '"a@b"'],
    ]);
    expect(await brs('cat', 'shop@-1', '--path', '/users/id=42')).toMatchObject({
      code: 0,
      out: '{"id":42,"email":"a@b","n":12345678901234567890.10}\n',
    });
  });
});

describe('data is on stdout, and words are on stderr', () => {
  test('a state comes byte for byte, and which moment was understood beside it', async () => {
    const { out, err } = await brs('cat', 'shop', '--at', '-0s');
    expect(out).toBe(AFTER);
    expect(err).toMatch(
      /^shop: asked \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(.*Z\); backup-\d+ of .*, \d+ s older\nsha256 ok\n$/,
    );
    expect((await brs('cat', 'shop', '--quiet')).err).toBe('');
  });

  test('as JSON each line is a value, errors too', async () => {
    expect(objects(await brs('ls', 'shop', '--json'))).toMatchObject([
      { type: 'incremental' },
      { type: 'full' },
    ]);
    expect(objects(await brs('--json', 'resources'))).toMatchObject([{ id: 'shop', live: 2 }]);
    const missing = await brs('show', 'backup-999', '--json');
    expect(JSON.parse(missing.err)).toMatchObject({ type: 'error', exit: 4, code: 'backup_not_found' });
    expect(missing).toMatchObject({ code: 4, out: '' });
    expect(objects(await brs('diff', 'shop', '--json'))).toMatchObject([{ counts: { changes: 1 } }]);
  });

  test('tables say what there is', async () => {
    expect((await brs('ls', '--tag', 'env=prod')).out).toMatch(
      /^ID .*RESOURCE .*TIME .*TYPE .*SIZE .*STORED .*KEPT .*TAGS\nbackup-\d+ +shop .* env=prod\n$/,
    );
    expect((await brs('tree', 'shop', '--path', '/users')).out).toBe(
      'NAME   KIND    COUNT  SIZE\nid=42  object      3  51 B\nid=8   object      2  20 B\n',
    );
    expect((await brs('resources')).out).toContain('shop      healthy');
  });
});

describe('in a pipe', () => {
  test('a state is taken, of any size', async () => {
    expect(await shell(`printf '%s' '{"piped":1}' | brs create piped -`)).toMatchObject({ code: 0 });
    expect((await brs('cat', 'piped')).out).toBe('{"piped":1}');
    const rows = JSON.stringify(Array.from({ length: 200_000 }, (_, id) => ({ id, text: `row ${id}` })));
    writeFileSync(join(folder, 'large.json'), rows);
    expect(rows.length).toBeGreaterThan(5e6);
    const made = await shell(
      'cat large.json | brs create large - && brs create large large.json --if-changed',
    );
    expect([made.code, made.out]).toEqual([
      0,
      expect.stringMatching(/^backup-\d+ {2}full .*\nbackup-\d+ {2}unchanged/),
    ]);
    expect((await shell('brs cat large | cmp - large.json && echo same')).out).toBe('same\n');
  });

  test('a producer that dies leaves no backup', async () => {
    for (const [line, code] of [
      ['false | brs create died -', 1],
      [`printf '{"half":[1,' | brs create died -`, 2],
      [`brs create died --exec 'echo "{}"; exit 3'`, 1],
      [`brs create died --exec 'cat large.json; exit 3'`, 1],
      ['head -c 4800000 large.json | brs create died -', 2],
    ] as const) {
      expect([line, (await shell(line)).code]).toEqual([line, code]);
    }
    expect((await shell(`brs create died --exec 'cat large.json; exit 3'`)).err).toContain(
      'ended with 3: no backup was made',
    );
    expect((await brs('ls', 'died', '--json')).out).toBe('');
    expect(await shell(`brs create lived --exec 'echo "{}"'`)).toMatchObject({ code: 0 });
  });

  test('a reader that has had enough is no fault', async () => {
    expect((await shell('set -o pipefail; brs cat large | head -c 10')).code).toBe(0);
  });
});

describe('what cannot be taken back is asked about', () => {
  test('and refused where nobody can be asked', async () => {
    const [{ id }] = objects(await brs('ls', 'piped', '--json')) as [{ id: string }];
    expect(await brs('rm', id)).toMatchObject({ code: 9, err: expect.stringContaining('say --yes') });
    expect(await brs('restore', 'shop', '--to', 'out.json')).toMatchObject({ code: 9 });
    expect(existsSync(join(folder, 'out.json'))).toBe(false);
    expect(await brs('rm', id, '--yes')).toMatchObject({ code: 0 });
    expect((await brs('trash')).out).toContain(`${id}  piped`);
    expect(await brs('undelete', id)).toMatchObject({ code: 0, out: `${id}  live again\n` });
    expect(await brs('hold', id)).toMatchObject({ code: 0 });
    expect(await brs('rm', id, '-y')).toMatchObject({ code: 5 });
    expect(await brs('unhold', id, 'backup-999')).toMatchObject({ code: 3 });
  });

  test('on a terminal: yes does it, anything else does not', async () => {
    const no = await onTerminal('restore shop@-1 --to asked.json', 'n\n');
    expect([no.code, existsSync(join(folder, 'asked.json'))]).toEqual([9, false]);
    const yes = await onTerminal('restore shop@-1 --to asked.json', 'y\n');
    expect(yes.code).toBe(0);
    expect(yes.out).toContain('Write asked.json? [y/N]');
    expect(readFileSync(join(folder, 'asked.json'), 'utf8')).toBe(BEFORE);
  });

  test('colours are for terminals, and for nobody who says no', async () => {
    const esc = String.fromCharCode(27);
    expect((await onTerminal('diff shop', '')).out).toContain(`${esc}[33m~`);
    expect(
      (
        await run('script', ['-qec', `node ${BRS} diff shop`, '/dev/null'], '', {
          TERM: 'xterm',
          NO_COLOR: '1',
        })
      ).out,
    ).not.toContain(esc);
    expect((await brs('diff', 'shop')).out).not.toContain(esc);
  });
});

describe('a restore', () => {
  test('shows its plan, and puts a part or the whole into a file that is whole or not there', async () => {
    const plan = await brs('restore', 'shop@-1', '--to', 'out.json', '--plan');
    expect(plan).toMatchObject({ code: 0, out: '' });
    expect(plan.err).toMatch(
      /restore shop from backup-\d+ of .*\n {2}reads {3}1 blobs, .*\n {2}proven .*\n {2}now .*another state.*\n {2}to {6}out\.json\n/,
    );
    expect(await brs('restore', 'shop@-1', '--to', 'out.json', '--yes')).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'out.json'), 'utf8')).toBe(BEFORE);
    expect(await brs('restore', 'shop', '--path', '/users/id=8', '--to', 'out.json', '--yes')).toMatchObject({
      code: 0,
    });
    expect(readFileSync(join(folder, 'out.json'), 'utf8')).toBe('{"id":8,"email":"y"}');
    expect(await brs('restore', 'shop', '--to', 'no/where.json', '--yes')).toMatchObject({ code: 1 });
    expect((await brs('restore', 'shop', '--to', '-')).out).toBe(AFTER);
    expect(await brs('restore', 'shop')).toMatchObject({ code: 2 });
  });
});

describe('dumps', () => {
  test('come with their times, by their names or their files, the oldest first', async () => {
    mkdirSync(join(folder, 'dumps'));
    for (const [month, n] of [
      ['03', 2],
      ['01', 1],
      ['02', 1],
    ]) {
      writeFileSync(join(folder, 'dumps', `shop-2024-${month}-01.json`), JSON.stringify({ n }));
    }
    expect(await brs('import', 'old', 'dumps')).toMatchObject({ code: 9 });
    const imported = await brs('import', 'old', 'dumps', '--yes', '--json');
    expect(objects(imported)).toMatchObject([
      { asOf: '2024-01-01T00:00:00Z', unchanged: false },
      { asOf: '2024-02-01T00:00:00Z', unchanged: true },
      { asOf: '2024-03-01T00:00:00Z', unchanged: false },
      { type: 'summary', imported: 2, unchanged: 1 },
    ]);
    expect((await brs('cat', 'old', '--at', '2024-02-20 10:00', '--tz', 'Europe/Berlin')).out).toBe(
      '{"n":1}',
    );
    expect(await brs('import', 'old', 'dumps', '--yes')).toMatchObject({ code: 5 });
    writeFileSync(join(folder, 'plain.json'), '{"n":3}');
    expect(await brs('import', 'plain', 'plain.json', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--from mtime'),
    });
    utimesSync(join(folder, 'plain.json'), 1_700_000_000, 1_700_000_000);
    expect(await brs('import', 'plain', 'plain.json', '--yes', '--from', 'mtime')).toMatchObject({ code: 0 });
    expect((await brs('ls', 'plain')).out).toContain('2023-11-14 22:13:20');
  });
});

test('who calls, and where, comes from flags, else the environment, else a profile', async () => {
  const config = join(folder, 'config', 'backup-restore-service');
  mkdirSync(config, { recursive: true });
  const profiles = {
    here: { url: server.url, tz: 'Asia/Tokyo' },
    nowhere: { url: 'http://127.0.0.1:9' },
    wrong: { uri: 'x' },
  };
  writeFileSync(join(config, 'config.json'), JSON.stringify({ default: 'nowhere', profiles }));
  const without = { BACKUP_URL: '' };
  const call = (args: string[], env: Record<string, string> = {}) => run(nodePath(), [BRS, ...args], '', env);
  expect(await call(['show', 'backup-1'], without)).toMatchObject({ code: 8 });
  expect(await call(['show', 'backup-1', '--profile', 'here'], without)).toMatchObject({ code: 0 });
  expect(await call(['show', 'backup-1'], { ...without, BACKUP_PROFILE: 'here' })).toMatchObject({ code: 0 });
  expect(await call(['show', 'backup-1'])).toMatchObject({ code: 0 });
  expect(await call(['show', 'backup-1', '--url', 'http://127.0.0.1:9'])).toMatchObject({ code: 8 });
  expect(await call(['show', 'backup-1', '--profile', 'none'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('no profile none'),
  });
  expect(await call(['show', 'backup-1', '--profile', 'wrong'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('uri is not known'),
  });
  writeFileSync(join(config, 'config.json'), '{}');
}, 60_000);

describe('a command', () => {
  test.each([
    [['nope'], 2],
    [['ls', '--limit', 'many'], 2],
    [['create', 'x', 'missing.json'], 4],
    [['create', 'x', '.'], 2],
    [['cat', 'nobody'], 4],
    [['cat', 'shop', '--at', 'tomorrow'], 2],
    [['cat', 'shop', '--path', '/nowhere'], 4],
    [['diff', 'shop', '--exit-code'], 1],
    [['diff', 'shop', 'shop', '--exit-code'], 0],
    [['diff', 'shop', 'large'], 2],
    [['policy', 'get', 'shop'], 4],
    [['completion', 'csh'], 2],
    [['--help'], 0],
    [['help', 'create'], 0],
    [['--version'], 0],
  ])('%j ends with %d', async (args, code) => {
    expect((await brs(...args)).code).toBe(code);
  });

  test('is interrupted at once', async () => {
    const begun = join(folder, 'begun');
    const child = spawn(nodePath(), [BRS, 'create', 'slow', '--exec', `touch ${begun}; sleep 30`], {
      cwd: folder,
      env: environment(),
      stdio: 'ignore',
    });
    while (!existsSync(begun)) await new Promise((done) => setTimeout(done, 20));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect((await brs('ls', 'slow', '--json')).out).toBe('');
  });
});

test('who is told: added, tested, seen, sent again, removed', async () => {
  const taken: string[] = [];
  const receiver = createServer((request, response) => {
    taken.push(String(request.url));
    response.statusCode = request.url === '/bad/log' ? 500 : 200;
    response.end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  expect(await brs('notify', 'add', 'hook', '--webhook', url)).toMatchObject({ code: 2 });
  expect(
    (await brs('notify', 'add', 'slack', '--slack', 'https://hooks.slack.com/secret')).err,
  ).not.toContain('hooks.slack.com');
  expect((await brs('notify', 'add', 'watch', '--ping', `${url}/w`)).out).toBe(`watch  ping  ${url}/…\n`);
  expect((await brs('notify', 'test', 'watch')).out).toMatch(/^delivered in \d+ ms\n$/);
  expect(await brs('notify', 'add', 'bad', '--ping', `${url}/bad`)).toMatchObject({ code: 0 });
  expect(await brs('notify', 'test', 'bad')).toMatchObject({ code: 1, err: expect.stringContaining('500') });
  expect((await brs('notify', 'ls')).out).toMatch(/bad +ping .*\nwatch +ping /);
  expect((await brs('notify', 'deliveries', 'bad')).out).toMatch(/channel\.tested .*pending +1 +status 500/);
  const told = JSON.parse((await brs('notify', 'deliveries', 'watch', '--json')).out) as { id: string };
  expect((await brs('notify', 'replay', 'watch', told.id)).out).toBe('1 on their way again\n');
  expect(await brs('notify', 'replay', 'watch', 'none')).toMatchObject({ code: 4 });
  expect((await brs('notify', 'rm', 'bad', '-y')).out).toBe('bad  removed\n');
  expect(await brs('notify', 'test', 'bad')).toMatchObject({ code: 4 });
  expect(taken.slice(0, 2)).toEqual(['/w/log', '/bad/log']);
  receiver.closeAllConnections();
  receiver.close();
}, 60_000);

test('policies, settings, audit, verify, check, doctor and tokens', async () => {
  expect((await brs('policy', 'set', 'shop', '--keep-daily', '3', '--plan')).out).toMatch(
    /BACKUP .*WHY\nbackup-\d+ .*keep {2}not-expired, newest, daily-1/,
  );
  expect(await brs('policy', 'set', 'shop', '--keep-daily', '3', '--yes')).toMatchObject({ code: 0 });
  expect((await brs('policy', 'get', 'shop')).out).toBe('keepDaily  3\n');
  expect((await brs('policy', 'rm', 'shop', '-y')).out).toContain('no policy any more');
  expect((await brs('settings', 'shop', '--expect-every', '24h')).out).toBe(
    'shop  a state is expected every 1 d\n',
  );
  expect((await brs('settings', 'shop', '--refuse-above', '50%')).out).toBe(
    'shop  a state is expected every 1 d\nshop  more than 50 % of its rows gone at once is refused\n',
  );
  expect((await brs('settings', 'shop', '--warn-above', 'half')).code).toBe(2);
  expect((await brs('audit', '--resource', 'shop', '--action', 'settings.changed')).out).toContain(
    'settings.changed',
  );
  expect((await brs('verify', 'backup-1')).out).toBe('backup-1  ok\n');
  expect(await brs('check', 'shop')).toMatchObject({ code: 0, out: 'shop  2 backups  all whole\n' });
  expect((await brs('operations', '--limit', '1')).out).toContain('completed');
  expect((await brs('wait', 'backup-1')).out).toBe('backup-1  completed\n');
  const doctor = await brs('doctor');
  expect([doctor.code, doctor.out.match(/^ok/gm)?.length]).toEqual([0, 6]);
  expect(await run(nodePath(), [BRS, 'doctor', '--url', 'http://127.0.0.1:9'])).toMatchObject({
    code: 8,
    out: expect.stringContaining('FAIL'),
  });
  // The last of all: from the first token on each call needs one.
  const made = await brs('tokens', 'make', 'ci', '--scope', 'backup:list', '--days', '9');
  expect(made.out).toMatch(/^bkp_[^\s]+\n$/);
  expect(await brs('ls')).toMatchObject({ code: 7, err: expect.stringContaining('BACKUP_API_TOKEN') });
  const token = { BACKUP_API_TOKEN: made.out.trim() };
  expect(await run(nodePath(), [BRS, 'ls', 'shop'], '', token)).toMatchObject({ code: 0 });
  expect(await run(nodePath(), [BRS, 'cat', 'shop'], '', token)).toMatchObject({ code: 7 });
  writeFileSync(join(folder, 'token'), made.out);
  expect(await run(nodePath(), [BRS, 'ls', '--token-file', 'token'])).toMatchObject({ code: 0 });
}, 60_000);

test.each(['bash', 'zsh', 'fish'])('completion for %s knows every verb', async (shellName) => {
  const { out } = await brs('completion', shellName);
  for (const verb of ['create', 'import', 'restore', 'doctor', 'policy']) expect(out).toContain(verb);
  if (shellName === 'bash') expect(await run('bash', ['-n'], out)).toMatchObject({ code: 0, err: '' });
});

test("the README's first five minutes can be typed as they stand", async () => {
  const readme = readFileSync('README.md', 'utf8');
  const block = /## The first five minutes[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme)![1]!;
  const second = await startServer({ dataDir: join(temporaryFolder(), 'data') });
  const script = `set -e\n${block.replaceAll('npx brs', `node ${BRS}`)}`;
  const ended = await run('bash', ['-c', script], '', { BACKUP_URL: second.url });
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(
    /^backup-1 {2}full .*\nbackup-2 {2}incremental .*~1 .*\n~ \/users\/id=42\/mail\n.*ada@.*\n.*countess@.*\n.*backup-2 .*changed .*"ada@example.org" -> "countess@example.org"\n.*backup-1 .*first .*\n$/,
  );
  expect(readFileSync(join(folder, 'ada.json'), 'utf8')).toBe('{"id":42,"mail":"ada@example.org"}');
});
