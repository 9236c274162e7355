// The console as it is served: one script, one style sheet, named by what is in them, and the page that names them.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type BuildResult, build } from 'esbuild';

const ROOT = resolve(import.meta.dirname, '..');
const OUT = join(ROOT, 'dist/console');

/** Builds `console/` into `dist/console`. Throws what esbuild says. */
export async function buildConsole(): Promise<BuildResult<{ metafile: true }>> {
  const common = {
    absWorkingDir: ROOT,
    outdir: OUT,
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
    target: 'es2022',
  } as const;
  const script = await build({
    ...common,
    entryPoints: ['console/main.tsx'],
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const style = await build({ ...common, entryPoints: ['console/console.css'] });
  mkdirSync(join(OUT, 'assets'), { recursive: true });
  const placed = [place('app', 'js', script), place('console', 'css', style)] as const;
  const page = readFileSync(join(ROOT, 'console/index.html'), 'utf8')
    .replace('assets/JS', placed[0])
    .replace('assets/CSS', placed[1]);
  write('index.html', page);
  // Only now, so that whoever reads the folder meanwhile finds a page and what it names.
  for (const name of readdirSync(join(OUT, 'assets'))) {
    if (/\.(js|css)$/.test(name) && !placed.includes(`assets/${name}`))
      rmSync(join(OUT, 'assets', name), { force: true });
  }
  return script;
}

/** Writes what was built under a name that changes with it, so that it can be kept for ever. Returns where the page finds it. */
function place(name: string, ext: string, { outputFiles = [] }: BuildResult): string {
  const { contents } = outputFiles[0]!;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  const path = `assets/${name}-${hash}.${ext}`;
  write(path, contents);
  return path;
}

/** Whole or not at all, and not where it stands there already: several may build at once. */
function write(path: string, contents: string | Uint8Array): void {
  const to = join(OUT, path);
  if (existsSync(to) && readFileSync(to).equals(Buffer.from(contents))) return;
  const passing = `${to}.${process.pid}`;
  writeFileSync(passing, contents);
  renameSync(passing, to);
}

if (process.argv[1] === import.meta.filename) await buildConsole();
