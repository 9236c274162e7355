// A client of openapi-fetch, by types that openapi-typescript generates: installed apart from the project's own packages.

import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cleanEnvironment, nodePath } from '../e2e/server.ts';
import { CACHE, run } from './run.ts';

const FOLDER = resolve('test/clients/typescript');
const LOCK = 'package-lock.json';
const COMPILER = ['--noEmit', '--strict', '--skipLibCheck', '--allowImportingTsExtensions'];
const MODULES = ['--module', 'nodenext', '--target', 'es2024', '--types', 'node', '--typeRoots'];

/** Generates it from what is served at `url`, compiles `client.ts` with it, and gives what that then saw. */
export async function runTypeScriptClient(url: string, token: string, exact: string): Promise<unknown> {
  const work = await installed();
  const env = cleanEnvironment();
  const program = (name: string): string => join(work, 'node_modules', '.bin', name);
  await run(
    program('openapi-typescript'),
    // A member with a default need not be sent.
    [`${url}/openapi.json`, '--output', 'schema.ts', '--default-non-nullable=false'],
    { cwd: work, env },
  );
  await run(program('tsc'), [...COMPILER, ...MODULES, resolve('node_modules/@types'), 'client.ts'], {
    cwd: work,
    env,
  });
  return JSON.parse(await run(nodePath(), ['client.ts', url, token, exact], { cwd: work, env }));
}

/** The folder, with everything that the lock file names. */
async function installed(): Promise<string> {
  const work = join(CACHE, 'typescript');
  const mark = join(work, 'made-of.json');
  const lock = readFileSync(join(FOLDER, LOCK), 'utf8');
  if (!existsSync(mark) || readFileSync(mark, 'utf8') !== lock) {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    for (const file of ['package.json', LOCK]) copyFileSync(join(FOLDER, file), join(work, file));
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: work });
    // Last, so that an installation that broke off is begun anew.
    cpSync(join(FOLDER, LOCK), mark);
  }
  copyFileSync(join(FOLDER, 'client.ts'), join(work, 'client.ts'));
  return work;
}
