// The command line against the deployed stack, as a process, signing for itself: back up, look, find, bring back.

import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { cleanEnvironment, cleanUp, nodePath, temporaryFolder } from '../../e2e/server.ts';
import { capabilities } from '../capabilities.ts';
import { signingKeyOf } from '../sigv4.ts';
import { describeDeployed } from './deployed.ts';

const BEFORE = '{"users":[{"id":42,"email":"a@b","n":12345678901234567890.10},{"id":7,"email":"x"}]}';
const AFTER = BEFORE.replace('a@b', 'A@B');

afterAll(cleanUp);

describeDeployed('the command line', ({ unsignedUrl }) => {
  const folder = temporaryFolder();
  const { accessKeyId, secretAccessKey, region } = signingKeyOf(process.env);
  const env = {
    ...cleanEnvironment(),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    BACKUP_URL: unsignedUrl,
    XDG_CONFIG_HOME: join(folder, 'config'),
    TZ: 'UTC',
  };
  const brs = async (...args: string[]): Promise<string> => {
    const all = [resolve('bin/brs.mjs'), '--auth', 'iam', '--region', region, ...args];
    return (await promisify(execFile)(nodePath(), all, { cwd: folder, env })).stdout;
  };
  const tested = capabilities().keepsPackedAnswers ? test : test.skip;

  tested('backs a file up, shows what changed and when, and brings a value back', async () => {
    writeFileSync(join(folder, 'shop.json'), BEFORE);
    expect(await brs('create', 'cli-shop', 'shop.json', '--tag', 'by=cli')).toMatch(
      /^backup-\w+ {2}full {2}84 B/,
    );
    writeFileSync(join(folder, 'shop.json'), AFTER);
    expect(await brs('create', 'cli-shop', 'shop.json')).toContain('incremental');
    expect(await brs('diff', 'cli-shop')).toBe('~ /users/id=42/email\n    - "a@b"\n    + "A@B"\n');
    expect(await brs('log', 'cli-shop', '--path', '/users/id=42/email')).toMatch(/changed +"a@b" -> "A@B"/);
    expect(await brs('cat', 'cli-shop@-1')).toBe(BEFORE);
    await brs('restore', 'cli-shop@-1', '--path', '/users/id=42', '--to', 'old.json', '--yes');
    expect(readFileSync(join(folder, 'old.json'), 'utf8')).toBe(
      '{"id":42,"email":"a@b","n":12345678901234567890.10}',
    );
    expect((await brs('ls', 'cli-shop', '--json')).trim().split('\n')).toHaveLength(2);
    await expect(brs('show', 'backup-none')).rejects.toMatchObject({ code: 4 });
  });
});
