import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { Scope } from '../../lib/core/records/access.ts';
import { openTokens } from '../../lib/embedded/tokens/registry.ts';
import { hasTokens } from '../../lib/embedded/tokens/token-file.ts';
import { silentLogger } from '../../lib/log.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { systemRandom } from '../../lib/random.ts';
import { createDataDirs } from './data-dirs.ts';
import { tokenRegistrySuite } from './token-registry.suite.ts';

const dataDirs = createDataDirs();
afterAll(dataDirs.removeAll);

tokenRegistrySuite('memory', () => {
  const clock = createManualClock();
  return { tokens: createMemoryTokens(clock), clock };
});

tokenRegistrySuite('embedded', () => {
  const clock = createManualClock();
  return { tokens: openTokens(dataDirs.make(), clock, systemRandom, silentLogger), clock };
});

describe('the file of tokens', () => {
  const input = { name: 'ci', scopes: ['backup:write'] as Scope[] };
  const open = (dataDir: string) => openTokens(dataDir, createManualClock(), systemRandom, silentLogger);

  test('what another process makes or revokes counts from the next call on', async () => {
    const dataDir = dataDirs.make();
    const [service, command] = [open(dataDir), open(dataDir)];
    expect(service.isAsked()).toBe(false);
    const { record, token } = await command.make(input, 'command');
    expect(service.isAsked()).toBe(true);
    expect('principal' in service.find(token)).toBe(true);
    await command.revoke(record.id, 'command');
    expect(service.find(token)).toEqual({ fault: 'revoked' });
  });

  test('many processes that make tokens at once lose none', async () => {
    const dataDir = dataDirs.make();
    const several = Array.from({ length: 8 }, () => open(dataDir));
    await Promise.all(
      several.flatMap((one, i) => [0, 1, 2].map((j) => one.make({ ...input, name: `t${i}-${j}` }, 'x'))),
    );
    expect(several[0]!.list()).toHaveLength(24);
  });

  test('is for its owner alone, and refused where it is not', async () => {
    const dataDir = dataDirs.make();
    await open(dataDir).make(input, 'x');
    const path = join(dataDir, 'tokens.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);
    expect(() => open(dataDir)).toThrow('chmod 600');
  });

  test('whatever is wrong with it opens no door: a running service refuses all named tokens, a start refuses', async () => {
    const dataDir = dataDirs.make();
    const tokens = open(dataDir);
    const { token } = await tokens.make(input, 'x');
    const path = join(dataDir, 'tokens.json');
    const whole = readFileSync(path, 'utf8');
    for (const text of [
      '',
      '{',
      '[]',
      whole.replace('"format": 1', '"format": 2'),
      whole.replace('backup:write', 'root'),
    ]) {
      writeFileSync(path, text, { mode: 0o600 });
      expect(() => tokens.find(token)).toThrow('damaged');
      expect(() => open(dataDir)).toThrow('damaged');
    }
    writeFileSync(path, whole);
    expect('principal' in tokens.find(token)).toBe(true);
    rmSync(path);
    expect(tokens.find(token)).toEqual({ fault: 'unknown' });
    expect(tokens.isAsked()).toBe(true);
  });

  test('a lock whose writer has died is taken over', async () => {
    const dataDir = dataDirs.make();
    mkdirSync(dataDir, { recursive: true });
    const lock = join(dataDir, '.tokens.lock');
    writeFileSync(lock, '');
    const longAgo = Date.now() / 1000 - 60;
    utimesSync(lock, longAgo, longAgo);
    await open(dataDir).make(input, 'x');
    expect(hasTokens(dataDir)).toBe(true);
  });

  test('when each was used last is written down, and not with each use', async () => {
    const dataDir = dataDirs.make();
    const clock = createManualClock();
    const tokens = openTokens(dataDir, clock, systemRandom, silentLogger);
    const { token } = await tokens.make(input, 'x');
    tokens.find(token);
    await tokens.writeUses();
    const first = clock.now();
    expect(open(dataDir).list()[0]).toMatchObject({ lastUsedAt: first });
    clock.advance(59_000);
    tokens.find(token);
    await tokens.writeUses();
    expect(open(dataDir).list()[0]).toMatchObject({ lastUsedAt: first });
    clock.advance(1000);
    tokens.find(token);
    await tokens.writeUses();
    expect(open(dataDir).list()[0]).toMatchObject({ lastUsedAt: clock.now() });
  });
});

describe('the command', () => {
  const run = (...args: string[]) => {
    try {
      const stdout = execFileSync(process.execPath, ['bin/tokens.ts', ...args], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      return { status: 0, text: stdout.toString() };
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return { status, text: stderr.toString() };
    }
  };

  test('makes a token on stdout and nothing else, lists it, revokes it', () => {
    const dataDir = dataDirs.make();
    const made = run(
      dataDir,
      'make',
      'ci',
      '--scope',
      'backup:write',
      '--prefix',
      'tf/',
      '--resource',
      'db',
      '--days',
      '90',
    );
    expect(made).toMatchObject({ status: 0, text: expect.stringMatching(/^bkp_\w{8}_[\w-]{43}\n$/) });
    const id = made.text.slice(4, 12);
    expect(run(dataDir).text).toMatch(
      new RegExp(`^${id}  ci  active  backup:write  db, tf/\\*  until .*never used\n$`),
    );
    expect(run(dataDir, 'revoke', id)).toEqual({ status: 0, text: `ci (${id}) is revoked.\n` });
    expect(run(dataDir, 'list').text).toContain('  revoked  ');
  });

  test.each([
    [[], 'Usage'],
    [['DIR', 'make'], 'Usage'],
    [['DIR', 'make', 'ci'], 'must have at least one scope'],
    [['DIR', 'make', 'ci', '--scope', 'backup:wirte'], 'did you mean backup:write?'],
    [['DIR', 'make', 'a b', '--scope', 'admin'], 'must be 1 to 64'],
    [['DIR', 'make', 'ci', '--scope', 'admin', '--days', '0'], '--days must be'],
    [['DIR', 'revoke', 'aaaaaaaa'], 'there is no token aaaaaaaa'],
    [['DIR', 'frobnicate'], 'Usage'],
  ])('%j is refused, and nothing is made', (args, text) => {
    const dataDir = dataDirs.make();
    expect(run(...args.map((arg) => (arg === 'DIR' ? dataDir : arg)))).toMatchObject({
      status: 1,
      text: expect.stringContaining(text),
    });
    expect(hasTokens(dataDir)).toBe(false);
  });
});
