// The borders of the house: each refuses what is not listed for it, and the check that runs them sees what crosses one.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  circleOf,
  faultOfConsoleImport,
  faultOfImport,
  importsOf,
  ROOMS,
  roomOf,
} from '../../scripts/borders.ts';

const rooms = Object.keys(ROOMS);
const fileIn = (room: string): string =>
  ['log', 'serve', 'version'].includes(room) ? `lib/${room}.ts` : `lib/${room}/any.ts`;
const importing = (from: string, to: string): string | undefined => {
  const way = relative(dirname(fileIn(from)), fileIn(to));
  return faultOfImport(fileIn(from), way.startsWith('.') ? way : `./${way}`);
};
const isListed = (room: string, other: string): boolean =>
  ROOMS[room]!.from.some((one) =>
    one.endsWith('/*') ? `${other}/`.startsWith(one.slice(0, -1)) : one === other,
  );

test.each([
  ['preact', undefined],
  ['../app/router.ts', undefined],
  ['../../lib/client/client.ts', undefined],
  ['../../lib/service/service.ts', 'the console may not import lib/service/service.ts'],
  ['../../lib/http/contract/routes.ts', 'the console may not import lib/http/contract/routes.ts'],
  ['node:fs', 'the console may not use node:fs'],
])('the console: %s', (specifier, fault) => {
  expect(faultOfConsoleImport('console/screens/any.tsx', specifier)).toBe(fault);
});

describe.each(rooms)('%s', (room) => {
  test('imports what is listed for it, and nothing else', () => {
    for (const other of rooms) {
      if (other === room) continue;
      const expected = isListed(room, other) ? undefined : `${room} may not import from ${other}`;
      expect(importing(room, other)).toBe(expected);
    }
  });

  test('uses no package that is not listed for it', () => {
    for (const name of ['left-pad', 'node:dgram', 'node:vm']) {
      expect(faultOfImport(fileIn(room), name)).toBe(`${room} may not use ${name}`);
    }
  });
});

test.each([
  ['core/records', 'node:crypto'],
  ['core/json', 'node:fs'],
  ['core/blob', 'zod/mini'],
  ['service/backups', 'node:sqlite'],
  ['service/restores', '@aws-sdk/client-s3'],
  ['http/server', 'node:http'],
  ['memory', 'node:fs'],
  ['infra', '@aws-sdk/client-s3'],
])('%s may not use %s', (room, name) => {
  expect(faultOfImport(fileIn(room), name)).toBe(`${room} may not use ${name}`);
});

test.each([
  ['core/records', 'ports'],
  ['ports', 'service/contract'],
  ['service/contract', 'service/kit'],
  ['service/chains', 'service/backups'],
  ['service/restores', 'http/contract'],
  ['http/contract', 'http/server'],
  ['embedded/blobs', 'service/chains'],
  ['embedded/catalog', 'http/server'],
  ['embedded/disk', 'embedded/blobs'],
  ['embedded', 'aws'],
  ['aws/catalog', 'service/kit'],
  ['aws', 'embedded'],
  ['memory', 'service/contract'],
  ['infra', 'aws/catalog'],
  ['infra', 'http/server'],
])('%s may not import from %s', (room, other) => {
  expect(importing(room, other)).toBe(`${room} may not import from ${other}`);
});

test('a folder that has no place is said to, and so is an import that leads to one', () => {
  expect(roomOf('lib/nowhere/any.ts')).toBeUndefined();
  expect(roomOf('lib/core/blob/deep/any.ts')).toBeUndefined();
  expect(faultOfImport('lib/nowhere/any.ts', '../log.ts')).toContain('lies in no room');
  expect(faultOfImport('lib/memory/any.ts', '../nowhere/any.ts')).toContain('leads to no room');
});

test('every way to import is seen', () => {
  const source = `import a from 'a';
import type { B } from 'b';
import {
  c,
  d,
} from './c.ts';
import 'e';
export { f } from './f.ts';
export type { G } from 'g';
const h = await import('h');
const i: { from: string } = { from: 'i' };
`;
  expect(importsOf(source).sort()).toEqual(['./c.ts', './f.ts', 'a', 'b', 'e', 'g', 'h']);
});

test('a circle is found, wherever it is', () => {
  const graph = (edges: Record<string, string[]>) =>
    new Map(Object.entries(edges).map(([from, to]) => [from, new Set(to)]));
  expect(circleOf(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toBeUndefined();
  expect(circleOf(graph({ a: ['b'], b: ['c'], c: ['d'], d: ['b'] }))).toEqual(['b', 'c', 'd', 'b']);
});

describe('the check', () => {
  const root = mkdtempSync(join(tmpdir(), 'borders-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  const check = () =>
    spawnSync(process.execPath, [resolve('scripts/check-borders.ts')], { cwd: root, encoding: 'utf8' });

  test('passes on this house, and names what crosses a border in it', () => {
    cpSync('lib', join(root, 'lib'), { recursive: true });
    expect(check()).toMatchObject({ status: 0, stderr: '' });
    mkdirSync(join(root, 'lib/embedded/blobs'), { recursive: true });
    writeFileSync(
      join(root, 'lib/embedded/blobs/probe.ts'),
      "import { createApi } from '../../http/server/api.ts';\n",
    );
    expect(check()).toMatchObject({
      status: 1,
      stderr: 'lib/embedded/blobs/probe.ts: embedded/blobs may not import from http/server\n',
    });
  });
});
