// A client that openapi-python-client generates, in a virtual environment of its own.

import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { newestPython, type Version, virtualEnvironment } from '../aws/python.ts';
import { cleanEnvironment } from '../e2e/server.ts';
import { CACHE, run } from './run.ts';

const FOLDER = resolve('test/clients/python');
const PYTHONS: Version[] = ['3.13', '3.12', '3.11'];

/** Generates it from what is served at `url`, and gives what `client.py` then saw. Throws if the generator warns of anything. */
export async function runPythonClient(url: string, token: string, exact: string): Promise<unknown> {
  const requirements = readFileSync(join(FOLDER, 'requirements.txt'), 'utf8');
  const venv = join(CACHE, 'python');
  const python = virtualEnvironment(venv, requirements, () => newestPython(PYTHONS, 'openapi-python-client'));
  const work = join(CACHE, 'python-client');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  copyFileSync(join(FOLDER, 'client.py'), join(work, 'client.py'));
  const programs = join(venv, 'bin');
  // What it formats its files with is a program beside it.
  const env = { ...cleanEnvironment(), PATH: `${programs}:${process.env.PATH ?? ''}` };
  const generated = join(work, 'generated');
  const source = ['--url', `${url}/openapi.json`, '--output-path', generated];
  await run(
    join(programs, 'openapi-python-client'),
    ['generate', ...source, '--meta', 'none', '--fail-on-warning'],
    { env },
  );
  return JSON.parse(await run(python, ['client.py', url, token, exact], { cwd: work, env }));
}
