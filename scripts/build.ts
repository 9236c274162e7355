// `npm run build`: what is published, in `dist/`. Node strips no types under node_modules, so a package has to be JavaScript:
// one file a program, with all that it is made of inside, shared parts as chunks; and the types of what others import.

import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, type BuildResult, build } from 'esbuild';
import { buildConsole } from './build-console.ts';
import { billOfMaterials } from './sbom.ts';

const ROOT = resolve(import.meta.dirname, '..');
const DIST = join(ROOT, 'dist');

const COMMON = {
  absWorkingDir: ROOT,
  outdir: DIST,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  // Names stay: a stack trace of somebody else's machine is all that we may ever see.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/** Some packages are CommonJS and call `require` for Node's own modules. */
const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

type Bundled = BuildResult<{ metafile: true }>;

/** Programs, by the name that each has in `dist`. */
const PROGRAMS = {
  serve: 'lib/serve.ts',
  server: 'bin/server.ts',
  rebuild: 'bin/rebuild.ts',
  quarantine: 'bin/quarantine.ts',
  tokens: 'bin/tokens.ts',
  'text-worker': 'lib/embedded/process/text-worker.ts',
};

/** What others import, by the name of its entry; each runs wherever JavaScript does. */
const LIBRARIES = { client: 'lib/client/client.ts', 'client-aws': 'lib/client/aws.ts' };

for (const old of ['chunks', 'types', ...globSync('*.mjs*', { cwd: DIST })]) {
  rmSync(join(DIST, old), { recursive: true, force: true });
}
const bundled = [await bundlePrograms(), await bundleCli(), await bundleLibraries(), await buildConsole()];
await writeTypes([PROGRAMS.serve, ...Object.values(LIBRARIES)]);
const inputs = bundled.flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(join(DIST, 'sbom.cdx.json'), billOfMaterials(ROOT, inputs));

async function bundlePrograms(): Promise<Bundled> {
  return build({
    ...COMMON,
    entryPoints: PROGRAMS,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
  });
}

/** The command line needs no more of Node than the client does, and is loaded anew for each command. */
async function bundleCli(): Promise<Bundled> {
  return build({
    ...COMMON,
    entryPoints: { cli: 'bin/cli.ts' },
    splitting: true,
    chunkNames: 'chunks/cli-[name]-[hash]',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    banner: { js: REQUIRE },
  });
}

async function bundleLibraries(): Promise<Bundled> {
  return build({ ...COMMON, entryPoints: LIBRARIES, platform: 'neutral', target: 'es2022' });
}

/** Declarations as they are found by every resolver: they name each other by the files that one imports, not by their sources. */
async function writeTypes(files: string[]): Promise<void> {
  if (files.length === 0) return;
  const folder = mkdtempSync(join(tmpdir(), 'types-'));
  try {
    const config = join(folder, 'tsconfig.json');
    const compilerOptions = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rewriteRelativeImportExtensions: true,
      rootDir: join(ROOT, 'lib'),
      outDir: join(DIST, 'types'),
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    writeFileSync(
      config,
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.json'),
        compilerOptions,
        include: [],
        files: files.map((file) => join(ROOT, file)),
      }),
    );
    await promisify(execFile)(join(ROOT, 'node_modules/.bin/tsc'), ['-p', config]);
  } finally {
    rmSync(folder, { recursive: true });
  }
  const wanted = reachable(
    files.map((file) => join(DIST, 'types', file.replace(/^lib\//, '').replace(/\.ts$/, '.d.ts'))),
  );
  for (const name of globSync('types/**/*.d.ts', { cwd: DIST })) {
    if (!wanted.has(join(DIST, name))) {
      rmSync(join(DIST, name));
      continue;
    }
    const path = join(DIST, name);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replaceAll(/((?:from|import\()\s*'\.[^']*)\.ts'/g, "$1.js'"));
  }
}

/** The declarations, and all that they name: what only the bodies behind them import is nobody's business. */
function reachable(entries: string[]): Set<string> {
  const found = new Set(entries);
  for (const path of found) {
    const text = readFileSync(path, 'utf8');
    for (const [, name] of text.matchAll(/(?:from|import\()\s*'(\.[^']*)'/g)) {
      found.add(join(dirname(path), name!.replace(/\.(ts|js)$/, '.d.ts')));
    }
  }
  return found;
}
