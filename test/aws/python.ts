// What the emulators are installed with: a Python, and virtual environments of the project that git ignores.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Version = `3.${number}`;

/** What a virtual environment is made with. */
const PARTS = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';

/** A Python of one of these versions, the first that is found; throws an Error that says how to get one. */
export function newestPython(versions: readonly Version[], whoNeedsIt: string): string {
  const pyenv = process.env.PYENV_ROOT ?? join(homedir(), '.pyenv');
  for (const version of versions) {
    const candidates = [
      `python${version}`,
      'python3',
      // By pyenv and by uv they are kept off the PATH.
      ...globSync(join(pyenv, 'versions', `${version}.*`, 'bin/python3')),
      ...globSync(join(homedir(), '.local/share/uv/python', `cpython-${version}.*`, 'bin/python3')),
    ];
    const found = candidates.find((file) => versionOf(file) === version);
    if (found !== undefined) return found;
  }
  throw new Error(
    `${whoNeedsIt} needs Python ${versions.join(' or ')} with its venv, and none is found on the PATH, in pyenv or in uv. ` +
      `Install one: apt-get install python3-venv (Debian 13, Ubuntu 24.04), pyenv install ${versions[0]}, or uv python install ${versions[0]}.`,
  );
}

/** Undefined where there is none, or where it lacks what a virtual environment is made with. */
function versionOf(file: string): string | undefined {
  const { status, stdout } = spawnSync(file, ['-c', PARTS], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** The Python of the virtual environment in `folder`, made on the first call and whenever its requirements have changed. */
export function virtualEnvironment(folder: string, requirements: string, basePython: () => string): string {
  const python = join(folder, 'bin', 'python');
  const mark = join(folder, 'made-of.txt');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === requirements) return python;
  process.stderr.write(`installing into ${folder} (once, up to a minute) ...\n`);
  rmSync(folder, { recursive: true, force: true });
  run(basePython(), '-m', 'venv', folder);
  // Nothing of it is the project's to keep.
  writeFileSync(join(folder, '.gitignore'), '*\n');
  const list = join(folder, 'requirements.txt');
  writeFileSync(list, requirements);
  run(python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', list);
  // Last, so that an installation that broke off is begun anew.
  writeFileSync(mark, requirements);
  return python;
}

function run(file: string, ...args: string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}
