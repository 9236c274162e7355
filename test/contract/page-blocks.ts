// The code of docs/adding-an-adapter.md, as files that a stranger would make of it.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PAGE = 'docs/adding-an-adapter.md';

/** The blocks of a language on the page, in order. */
export function blocksOf(language: string): string[] {
  const page = readFileSync(PAGE, 'utf8');
  return [...page.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , block]) => block!);
}

/**
 * A folder of its own with every file of the page in it, and this package installed as by `npm install <folder>`: as a link,
 * beside what else the page installs. `change` is given each file before it is written.
 */
export function writePage(change: (name: string, text: string) => string = (_name, text) => text): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'adapter-')));
  for (const block of [...blocksOf('ts'), ...blocksOf('js')]) {
    const name = /^\/\/ (\S+)\n/.exec(block)?.[1];
    if (name === undefined) throw new Error(`a block does not begin with the name of its file: ${block}`);
    writeFileSync(join(folder, name), change(name, block));
  }
  writeFileSync(join(folder, 'package.json'), '{"name":"elsewhere","private":true,"type":"module"}');
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync('node_modules')) {
    if (name === '.bin' || !name.startsWith('.'))
      symlinkSync(resolve('node_modules', name), join(modules, name));
  }
  symlinkSync(resolve('.'), join(modules, 'backup-restore-service'));
  return folder;
}
