// The console as it is served: the script that every screen needs, a second one with the screens of administration, one style sheet, named by
// what is in them, and the page that names them.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type BuildResult, build, type Metafile } from 'esbuild';

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
    splitting: true,
    entryNames: 'assets/app-[hash]',
    chunkNames: 'assets/[name]-[hash]',
    platform: 'browser',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  const style = await build({ ...common, entryPoints: ['console/console.css'] });
  mkdirSync(join(OUT, 'assets'), { recursive: true });
  const scripts = script.outputFiles.map(({ path, contents }) => {
    write(relative(OUT, path), contents);
    return relative(OUT, path);
  });
  const [entry, ...needed] = firstOf(script.metafile);
  const css = place('console', 'css', style);
  const placed = [...scripts, css];
  const preloads = needed.map((path) => `<link rel="modulepreload" href="${path}">\n    `).join('');
  const page = readFileSync(join(ROOT, 'console/index.html'), 'utf8')
    .replace('<script', `${preloads}<script`)
    .replace('assets/JS', entry!)
    .replace('assets/CSS', css);
  write('index.html', page);
  // Only now, so that whoever reads the folder meanwhile finds a page and what it names.
  for (const name of readdirSync(join(OUT, 'assets'))) {
    if (/\.(js|css)$/.test(name) && !placed.includes(`assets/${name}`))
      rmSync(join(OUT, 'assets', name), { force: true });
  }
  return script;
}

/** The script that the page begins with, and what that cannot do without: fetched at once, and not one behind the other. */
function firstOf({ outputs }: Metafile): string[] {
  const inPage = (path: string): string => relative(OUT, join(ROOT, path));
  const [entry, { imports }] = Object.entries(outputs).find(
    ([, { entryPoint }]) => entryPoint === 'console/main.tsx',
  )!;
  const needed = imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path);
  return [entry, ...needed].map(inPage);
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
