// The console as it is served: one script, one style sheet, named by what is in them, and the page that names them.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(join(OUT, 'assets'), { recursive: true });
  const page = readFileSync(join(ROOT, 'console/index.html'), 'utf8')
    .replace('assets/JS', place('app', 'js', script))
    .replace('assets/CSS', place('console', 'css', style));
  writeFileSync(join(OUT, 'index.html'), page);
  return script;
}

/** Writes what was built under a name that changes with it, so that it can be kept for ever. Returns where the page finds it. */
function place(name: string, ext: string, { outputFiles = [] }: BuildResult): string {
  const { contents } = outputFiles[0]!;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 10);
  const path = `assets/${name}-${hash}.${ext}`;
  writeFileSync(join(OUT, path), contents);
  return path;
}

if (process.argv[1] === import.meta.filename) await buildConsole();
