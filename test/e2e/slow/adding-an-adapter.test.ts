// docs/adding-an-adapter.md, done: in a folder of its own, by the commands of the page, with the adapter as it stands there and
// with the line taken out that the page takes out.

import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import * as suites from '../../contract/index.ts';
import { blocksOf, writePage } from '../../contract/page-blocks.ts';
import { cleanEnvironment, nodePath } from '../server.ts';

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const [gone] = blocksOf('diff').map((diff) => diff.replace(/^-/, ''));

function writeFiles(change?: (name: string, text: string) => string): string {
  const folder = writePage(change);
  folders.push(folder);
  return folder;
}

async function run(folder: string, command: string): Promise<{ code: number; text: string }> {
  const env = { ...cleanEnvironment(), PATH: `${dirname(nodePath())}:${process.env.PATH}` };
  try {
    const { stdout, stderr } = await promisify(execFile)('sh', ['-c', command], { cwd: folder, env });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

const command = blocksOf('sh').at(-1)!.trim();

test('the adapter passes', async () => {
  expect(command).toBe('npx jest');
  const { code, text } = await run(writeFiles(), `${command} --verbose`);
  expect([code, text]).toEqual([0, expect.stringMatching(/Tests: +\d\d passed, \d\d total/)]);
});

test('without one line it does not, and the run says what the page says', async () => {
  const folder = writeFiles((_name, text) => text.replace(gone!, ''));
  const { code, text } = await run(folder, `${command} --verbose`);
  expect(code).toBe(1);
  const failed = [...text.matchAll(/✕ (.*?)(?: \(\d+ ms\))?$/gm)].map(([, title]) => title).sort();
  const told = blocksOf('text').flatMap((block) => block.trim().split('\n'));
  expect(failed).toEqual(told.map((line) => line.replace('✕ ', '')).sort());
});

test('no suite lets an adapter pass that breaks a promise of its port', async () => {
  const folder = writeFiles();
  const output = join(folder, 'broken.json');
  const options = `--testMatch '**/test/contract/broken-adapters.ts' --json --outputFile ${output}`;
  expect((await run('.', `npx jest ${options}`)).code).toBe(1);
  const { testResults } = JSON.parse(readFileSync(output, 'utf8')) as {
    testResults: [{ assertionResults: { fullName: string; status: string }[] }];
  };
  const failures = new Map<string, number>();
  for (const { fullName, status } of testResults[0].assertionResults) {
    const broken = /\[(.*?)\]/.exec(fullName)![1]!;
    failures.set(broken, (failures.get(broken) ?? 0) + (status === 'failed' ? 1 : 0));
  }
  expect(new Set([...failures.keys()].map((broken) => broken.split(':')[0])).size).toBe(
    Object.keys(suites).length,
  );
  expect([...failures].filter(([, count]) => count === 0)).toEqual([]);
  // All suites over all broken adapters: on a machine with much else to do that takes its time.
}, 120_000);

test('its types are those of the ports', async () => {
  const folder = writeFiles();
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    lib: ['es2024', 'esnext.array'],
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    skipLibCheck: true,
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  expect(await run(folder, 'npx tsc --project .')).toEqual({ code: 0, text: '' });
});
