// The borders of the house: which room may import from which, and which packages it may use. What is not listed is refused, so a
// new room has to be given its place here. Run by `npm run check`; decision 0022 says why it is not left to the linter.

import { dirname, join, normalize } from 'node:path';

interface Room {
  /** Rooms it may import from, itself apart; `core/*` is every room of core, with what lies in core itself. */
  from: readonly string[];
  /** Packages, by name or by beginning (`aws-cdk-lib/*`). */
  packages: readonly string[];
}

const BYTES = ['node:buffer', 'node:crypto', 'node:util', 'node:zlib'];
const FILES = ['node:crypto', 'node:fs', 'node:fs/promises', 'node:os', 'node:path', 'node:util'];
/** What a file of settings is read with; its faults are told in one language, not in all that the package has. */
const SCHEMA = ['zod/locales', 'zod/mini'];
const SHARED = ['log', 'core/*', 'ports'];
/** What every use case stands on. */
const GROUND = [...SHARED, 'service/contract', 'service/kit', 'service/chains'];
/** What every adapter may know: the contracts, and what they speak of. */
const ADAPTER = ['log', 'core/*', 'ports'];

export const ROOMS: Readonly<Record<string, Room>> = {
  log: { from: [], packages: [] },

  'core/records': { from: [], packages: [] },
  'core/bytes': { from: ['core/records'], packages: BYTES },
  'core/json/kernel': { from: ['core/bytes'], packages: [] },
  'core/json': {
    from: ['core/records', 'core/bytes', 'core/json/kernel'],
    packages: ['node:buffer', 'node:crypto'],
  },
  'core/blob': { from: ['core/records', 'core/bytes'], packages: BYTES },
  'core/trail': { from: ['core/records', 'core/bytes', 'core/blob'], packages: BYTES },
  'core/delta': { from: ['core/records', 'core/bytes'], packages: [] },
  'core/delta/stored': { from: ['core/records', 'core/bytes', 'core/delta'], packages: ['node:zlib'] },
  'core/delta/find': { from: ['core/records', 'core/bytes', 'core/delta'], packages: [] },
  'core/delta/compare': {
    from: ['core/records', 'core/bytes', 'core/json', 'core/json/kernel', 'core/delta', 'core/delta/find'],
    packages: [],
  },
  'core/delta/apply': {
    from: ['core/records', 'core/bytes', 'core/delta', 'core/delta/stored'],
    packages: ['node:crypto'],
  },
  'core/delta/served': {
    from: [
      'core/records',
      'core/bytes',
      'core/json/kernel',
      'core/delta',
      'core/delta/compare',
      'core/delta/apply',
    ],
    packages: [],
  },
  'core/history': {
    from: [
      'core/records',
      'core/bytes',
      'core/json',
      'core/json/kernel',
      'core/delta/compare',
      'core/delta/stored',
      'core/delta/served',
      'core/delta/apply',
    ],
    packages: ['node:crypto'],
  },
  'core/layout': {
    from: ['core/records', 'core/bytes', 'core/blob', 'core/delta', 'core/history'],
    packages: ['node:crypto', 'node:zlib'],
  },
  /** When what runs by itself is due. The package reads five fields, and is asked for nothing else. */
  'core/schedule': { from: ['core/records'], packages: ['croner'] },
  core: { from: ['core/*'], packages: ['node:crypto'] },

  ports: { from: ['core/*'], packages: [] },
  /** A port around a port. */
  decorators: { from: ['core/*', 'ports'], packages: [] },

  'service/contract': { from: SHARED, packages: [] },
  'service/kit': { from: [...SHARED, 'service/contract'], packages: ['node:crypto', 'node:timers/promises'] },
  'service/chains': {
    from: [...SHARED, 'decorators', 'service/contract', 'service/kit'],
    packages: ['node:crypto', 'node:util'],
  },
  'service/backups': { from: GROUND, packages: [] },
  'service/restores': { from: GROUND, packages: [] },
  'service/history': {
    from: [...GROUND, 'service/restores', 'service/schedules'],
    packages: ['node:crypto'],
  },
  'service/trail': { from: GROUND, packages: [] },
  'service/uploads': { from: [...GROUND, 'service/backups'], packages: ['node:crypto'] },
  'service/jobs': {
    from: [...GROUND, 'service/uploads', 'service/restores'],
    packages: ['node:timers/promises'],
  },
  'service/terraform': { from: [...GROUND, 'service/backups', 'service/history'], packages: [] },
  'service/schedules': { from: [...GROUND, 'service/backups'], packages: ['node:crypto'] },
  'service/retention': { from: [...GROUND, 'service/backups', 'service/restores'], packages: [] },
  'service/upkeep': {
    from: [...GROUND, 'service/restores', 'service/retention', 'service/schedules'],
    packages: ['node:crypto'],
  },
  'service/notifications': {
    from: [...GROUND, 'core', 'service/retention', 'service/upkeep'],
    packages: ['node:crypto'],
  },
  'service/recovery': { from: [...SHARED, 'service/trail'], packages: ['node:crypto'] },
  'service/access': {
    from: [...GROUND, 'service/backups', 'service/restores', 'service/retention', 'service/schedules'],
    packages: [],
  },
  service: { from: [...SHARED, 'service/*', 'decorators'], packages: [] },

  /** What carries notifications out. */
  notify: {
    from: [...ADAPTER, 'private-addresses'],
    packages: ['node:dns/promises', 'node:http', 'node:https', 'node:timers/promises', 'nodemailer'],
  },

  'http/contract': { from: [...SHARED, 'service/contract'], packages: ['zod/mini'] },
  'http/openapi': { from: [...SHARED, 'http/contract'], packages: ['zod/mini'] },
  'http/handlers': { from: [...SHARED, 'http/contract', 'service/contract'], packages: [] },
  'http/server': {
    from: [...SHARED, 'http/contract', 'http/openapi', 'http/handlers', 'service/contract', 'service/access'],
    packages: [
      ...['hono', 'hono/route', 'zod/mini'],
      ...['node:buffer', 'node:crypto', 'node:fs', 'node:path', 'node:stream', 'node:zlib'],
    ],
  },

  memory: { from: [...ADAPTER, 'random'], packages: ['node:crypto'] },

  /** What states are read from and put back into: loaded only when one is used. */
  'sources/kit': {
    from: [...ADAPTER, 'private-addresses'],
    packages: [
      ...['node:buffer', 'node:http', 'node:https', 'node:stream', 'node:timers/promises', 'node:zlib'],
      ...FILES,
    ],
  },
  'sources/postgresql': { from: [...ADAPTER, 'sources/kit'], packages: ['node:buffer', 'node:stream', 'pg'] },
  'sources/aws': {
    from: [...ADAPTER, 'sources/kit'],
    packages: ['@aws-sdk/*', 'node:buffer', 'node:stream', 'node:timers/promises'],
  },
  'sources/sqlite': {
    from: [...ADAPTER, 'regular-file', 'sources/kit'],
    packages: ['node:buffer', 'node:crypto', 'node:sqlite', 'node:timers/promises'],
  },
  sources: {
    from: [...ADAPTER, 'regular-file', 'sources/*'],
    packages: FILES,
  },

  'embedded/disk': { from: ADAPTER, packages: [...FILES, 'node:zlib'] },
  'embedded/blobs': { from: [...ADAPTER, 'embedded/disk'], packages: FILES },
  'embedded/transfers': { from: [...ADAPTER, 'embedded/disk', 'embedded/blobs', 'scratch'], packages: FILES },
  'embedded/tokens': { from: [...ADAPTER, 'embedded/disk'], packages: [...FILES, ...SCHEMA] },
  'embedded/catalog': {
    from: [...ADAPTER, 'embedded/disk', 'random'],
    packages: [...FILES, 'node:sqlite', 'node:timers/promises', 'node:url', 'node:zlib'],
  },
  'embedded/keys': {
    from: [...ADAPTER, 'embedded/disk', 'embedded/catalog'],
    packages: [...FILES, ...SCHEMA],
  },
  'embedded/trail': {
    from: [...ADAPTER, 'embedded/disk', 'embedded/blobs', 'embedded/catalog', 'service/trail'],
    packages: [...FILES, 'node:timers/promises'],
  },
  'embedded/copy': {
    from: [...ADAPTER, 'embedded/disk', 'embedded/blobs', 'embedded/trail'],
    packages: [...FILES, 'node:timers/promises'],
  },
  // One adapter for S3 is enough: the other home's.
  'embedded/copy/bucket': {
    from: [...ADAPTER, 'embedded/copy', 'aws/blobs', 'aws/calls'],
    packages: ['@aws-sdk/*', 'node:path'],
  },
  'embedded/process': { from: [...ADAPTER, 'embedded/disk'], packages: [...FILES, 'node:worker_threads'] },
  'embedded/metrics': {
    from: [...ADAPTER, 'service/contract', 'service/kit', 'service/upkeep'],
    packages: ['prom-client'],
  },
  'embedded/start': {
    from: [
      ...ADAPTER,
      'embedded/disk',
      'embedded/blobs',
      'embedded/catalog',
      'embedded/keys',
      'embedded/trail',
      'embedded/process',
    ],
    packages: [...FILES, 'node:sqlite'],
  },
  'embedded/server': {
    from: [...ADAPTER, 'http/*'],
    packages: [
      '@hono/node-server',
      ...['node:crypto', 'node:fs', 'node:http', 'node:net', 'node:path', 'node:stream', 'node:zlib'],
    ],
  },
  'embedded/rebuild': {
    from: [...ADAPTER, 'embedded/*', 'service/recovery', 'service/trail', 'random'],
    packages: [...FILES, 'node:sqlite'],
  },
  /** What is composed here: the home, its settings, and what it does by itself. */
  embedded: {
    from: [
      ...ADAPTER,
      'embedded/*',
      'decorators',
      'service/*',
      'http/*',
      'notify',
      'sources',
      'regular-file',
      'random',
      'version',
    ],
    packages: [...FILES, 'node:net', 'node:timers/promises', ...SCHEMA],
  },

  /** The entry of the package. */
  serve: { from: ['embedded', 'embedded/tokens', 'log'], packages: ['node:url'] },

  'aws/names': { from: ['core/*', 'http/contract'], packages: [] },
  'aws/calls': { from: ADAPTER, packages: ['@aws-sdk/*', 'aws-lambda', 'aws4fetch', 'node:timers/promises'] },
  'aws/messages': {
    from: [...ADAPTER, 'aws/calls', 'aws/names'],
    packages: ['@aws-sdk/*', 'aws-lambda', 'aws4fetch'],
  },
  'aws/keys': { from: [...ADAPTER, 'aws/calls', 'aws/names'], packages: ['@aws-sdk/*', 'node:crypto'] },
  'aws/blobs': { from: [...ADAPTER, 'aws/calls', 'aws/names'], packages: ['@aws-sdk/*', 'node:crypto'] },
  'aws/catalog': {
    from: [...ADAPTER, 'aws/calls', 'aws/names', 'aws/messages'],
    packages: ['@aws-sdk/*', 'aws-lambda', 'node:crypto', 'node:zlib'],
  },
  'aws/gateway': {
    from: [...ADAPTER, 'aws/names', 'http/*'],
    packages: ['aws-lambda', 'hono/aws-lambda', 'node:buffer'],
  },
  'aws/access': {
    from: [...ADAPTER, 'aws/names', 'aws', 'http/contract', 'http/server'],
    packages: ['aws-lambda', 'aws-jwt-verify', 'aws-jwt-verify/*', 'node:crypto'],
  },
  /** A table made anew: run by hand, in a process of its own. */
  'aws/rebuild': {
    from: [
      ...ADAPTER,
      ...['aws/calls', 'aws/blobs', 'aws/catalog', 'aws/keys', 'aws/names'],
      ...['service/recovery', 'service/trail'],
    ],
    packages: ['@aws-sdk/*', 'node:crypto', 'node:fs', 'node:path'],
  },
  aws: {
    from: [
      ...[...ADAPTER, 'aws/*', 'decorators', 'service/*', 'http/*', 'notify', 'sources'],
      ...['random', 'scratch', 'version'],
    ],
    packages: ['@aws-sdk/*', 'aws-lambda', 'node:crypto', 'node:os'],
  },

  /** The stack knows the routes, and the names and bounds that both sides must agree on; nothing that runs. */
  infra: {
    from: ['core/*', 'http/contract', 'aws/names'],
    packages: ['aws-cdk-lib', 'aws-cdk-lib/*', 'constructs', 'node:module', 'node:path'],
  },
  /** Of the service only the types of its contract: it runs where nothing of a server does. */
  client: { from: ['http/contract'], packages: ['aws4fetch', 'zod/mini'] },
  /** The command line, on the client alone: which verbs there are, the verbs, and what they are given. */
  cli: { from: ['client', 'cli/verbs', 'cli/kit', 'version'], packages: ['commander'] },
  'cli/verbs': {
    from: ['client', 'cli/kit', 'ports', 'core/records', 'version'],
    packages: [
      'node:crypto',
      'node:fs',
      'node:fs/promises',
      'node:path',
      'node:stream',
      'node:stream/promises',
      'node:timers/promises',
    ],
  },
  'cli/kit': {
    from: ['client', 'ports', 'core/records'],
    packages: [
      '@aws-sdk/credential-provider-node',
      ...['node:child_process', 'node:fs', 'node:fs/promises', 'node:os', 'node:path'],
      ...['node:readline/promises', 'node:util'],
    ],
  },
  version: { from: [], packages: [] },
  /** What the machine gives; only a home takes it, and hands it on. */
  random: { from: ['ports'], packages: ['node:crypto'] },
  /** Which hosts a stranger's word may not lead to. */
  'private-addresses': { from: ['ports'], packages: ['node:dns', 'node:net'] },
  /** Files that are opened because somebody has named them. */
  'regular-file': { from: ['ports'], packages: ['node:fs', 'node:fs/promises'] },
  /** Files of a process that nobody else can read. */
  scratch: { from: ['core/bytes', 'ports'], packages: FILES },
};

/** The room of a file of `lib`; undefined for one that has none. Of `lib/log.ts` it is `log`. */
export function roomOf(file: string): string | undefined {
  const parts = normalize(file).replace(/\.ts$/, '').split('/').slice(1);
  for (let length = parts.length; length > 0; length--) {
    const room = parts.slice(0, length).join('/');
    if (Object.hasOwn(ROOMS, room))
      return length === parts.length || length === parts.length - 1 ? room : undefined;
  }
  return undefined;
}

/** What is wrong with an import, or undefined. `specifier` as it is written in `file`, a path from the project's root. */
export function faultOfImport(file: string, specifier: string): string | undefined {
  const room = roomOf(file);
  if (room === undefined) return `${file} lies in no room: give its folder a place in scripts/borders.ts`;
  const { from, packages } = ROOMS[room]!;
  if (!specifier.startsWith('.')) {
    return packages.some((one) => matches(one, specifier)) ? undefined : `${room} may not use ${specifier}`;
  }
  const other = roomOf(join(dirname(file), specifier));
  if (other === undefined) return `${specifier} leads to no room`;
  if (other === room || from.some((one) => matches(one, other))) return undefined;
  return `${room} may not import from ${other}`;
}

/** What the console is made with, beside the client and its own files. */
const CONSOLE_PACKAGES = ['preact', 'preact/hooks', '@preact/signals'];

/** As `faultOfImport`, of a file of the console: it talks to the service as every other client does. */
export function faultOfConsoleImport(file: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) {
    return CONSOLE_PACKAGES.includes(specifier) ? undefined : `the console may not use ${specifier}`;
  }
  const path = normalize(join(dirname(file), specifier));
  if (path.startsWith('console/') || roomOf(path) === 'client') return undefined;
  return `the console may not import ${path}`;
}

function matches(allowed: string, name: string): boolean {
  if (!allowed.endsWith('/*')) return allowed === name;
  const stem = allowed.slice(0, -2);
  return name === stem || name.startsWith(`${stem}/`);
}

/** Every module that a source imports, types too. */
export function importsOf(source: string): string[] {
  const found = source.matchAll(
    /^(?:import|export)\b[^'";]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
  );
  return [...found].map(([, named, dynamic, bare]) => (named ?? dynamic ?? bare)!);
}

/** A circle of rooms in the graph, as the rooms on its way; undefined if there is none. */
export function circleOf(edges: ReadonlyMap<string, ReadonlySet<string>>): string[] | undefined {
  const done = new Set<string>();
  const walk = (room: string, way: string[]): string[] | undefined => {
    if (way.includes(room)) return [...way.slice(way.indexOf(room)), room];
    if (done.has(room)) return undefined;
    for (const next of edges.get(room) ?? []) {
      const circle = walk(next, [...way, room]);
      if (circle !== undefined) return circle;
    }
    done.add(room);
    return undefined;
  };
  for (const room of edges.keys()) {
    const circle = walk(room, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
