// A look into a large state that is not in memory fetches a part of it, shows what the whole shows, and needs nothing that may be lost.

import { describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../lib/log.ts';
import { createMemoryLayouts } from '../../../lib/memory/layouts.ts';
import type { LayoutStore } from '../../../lib/ports/layouts.ts';
import { createKeptBases } from '../../../lib/service/chains/bases.ts';
import { createLayouts } from '../../../lib/service/chains/layouts.ts';
import { createService } from '../../../lib/service/service.ts';
import { createWorld } from '../world.ts';

const CALLER = { actor: 'ann' };
const MIB = 1024 * 1024;
const ROWS = 20_000;

/** Some 2 MB in the order of their ids. */
const stateOf = (changed: Record<number, string> = {}) =>
  JSON.stringify({
    settings: { theme: 'dark' },
    tables: {
      users: Array.from({ length: ROWS }, (_, id) => ({
        id,
        text: changed[id] ?? `user ${id}`.padEnd(80, '.'),
      })),
    },
    tail: 'end',
  });

/** A service that begins anew, with nothing in memory, on what another has stored. */
function createScene(faulty: (layouts: LayoutStore) => LayoutStore = (layouts) => layouts) {
  const warnings: string[] = [];
  const kept: { layouts?: LayoutStore } = {};
  const world = createWorld(({ blobs, clock }) => {
    const { blobs: watched, layouts } = createMemoryLayouts(blobs);
    kept.layouts = faulty(layouts);
    const log = createLogger((line) => {
      const { level, message } = JSON.parse(line) as { level: string; message: string };
      if (level === 'warn') warnings.push(message);
    }, clock.now);
    return { blobs: watched, log, bases: createKeptBases(64 * MIB), looks: createKeptBases(64 * MIB) };
  });
  world.deps.layouts = createLayouts(world.deps, kept.layouts!);
  const rest = async () => {
    world.clock.advance(2000);
    await world.deps.layouts!.rest();
  };
  /** Answers with what it has read in whole blobs, and in bytes of ranges. */
  const restarted = () => {
    const read = { whole: 0, ranges: 0 };
    const { blobs } = world.deps;
    const deps = {
      ...world.deps,
      looks: createKeptBases(64 * MIB),
      blobs: {
        ...blobs,
        get: (id: string) => {
          read.whole++;
          return blobs.get(id);
        },
        getRange: async (...asked: Parameters<NonNullable<typeof blobs.getRange>>) => {
          const range = await blobs.getRange!(...asked);
          read.ranges += range.length;
          return range;
        },
      },
    };
    delete (deps as Partial<typeof deps>).bases;
    deps.layouts = createLayouts(deps, kept.layouts!);
    const service = createService(deps);
    const look = async (steps: string[], after = 0) => {
      const asked = { at: { back: 0 }, steps, path: '', options: { limit: 3, after, textBytesMax: 100 } };
      const { tree } = await service.readTree({ resourceId: 'db', ...asked }, CALLER);
      return tree;
    };
    const restAgain = async () => {
      world.clock.advance(2000);
      await deps.layouts!.rest();
    };
    return { look, read, rest: restAgain };
  };
  return { world, warnings, rest, restarted, layouts: kept.layouts! };
}

const LOOKS: [steps: string[], after?: number][] = [
  [[]],
  [['settings', 'theme']],
  [['tables', 'users', '15000']],
  [['tables', 'users', 'id=12345', 'text']],
  [['tables', 'users'], 10_000],
  [['tail']],
];

/** A chain of three, the last of which changes rows in the middle and at an end. */
async function backUp({ world, rest }: ReturnType<typeof createScene>) {
  await world.make('db', stateOf(), 'full');
  await world.make('db', stateOf({ 5: 'once', 12345: 'once' }), 'incremental');
  const last = await world.make(
    'db',
    stateOf({ 5: 'twice', 12345: 'twice as long', 19999: 'x' }),
    'incremental',
  );
  expect(last.chain.map(({ kind }) => kind)).toEqual(['state', 'delta', 'delta']);
  await rest();
  return last;
}

test('it is what the whole shows, and reads no blob whole', async () => {
  const scene = createScene();
  await backUp(scene);
  const whole = createScene();
  await backUp({ ...whole, rest: async () => {} });
  for (const [steps, after] of LOOKS) {
    const { look, read } = scene.restarted();
    const reference = whole.restarted();
    expect(await look(steps, after)).toEqual(await reference.look(steps, after));
    expect(read.whole).toBe(0);
    expect(read.ranges).toBeGreaterThan(0);
    expect(reference.read.whole).toBe(3);
  }
  expect(scene.warnings).toEqual([]);
});

test('a second look at the same place reads nothing', async () => {
  const scene = createScene();
  await backUp(scene);
  const { look, read } = scene.restarted();
  await look(['tables', 'users'], 10_000);
  const before = { ...read };
  await look(['tables', 'users'], 10_000);
  expect(read).toEqual(before);
});

test('nothing is at a path that leads nowhere', async () => {
  const scene = createScene();
  await backUp(scene);
  const { look, read } = scene.restarted();
  for (const steps of [
    ['no'],
    ['tables', 'users', '20000'],
    ['tables', 'users', 'id=20000'],
    ['tail', '0'],
  ]) {
    await expect(look(steps)).rejects.toMatchObject({ code: 'path_not_found' });
  }
  expect(read.whole).toBe(0);
});

test('what it does not lead to is looked for in the whole, and is in a layout after that', async () => {
  const scene = createScene();
  const { world } = scene;
  await world.make('db', stateOf(), 'full');
  const first = scene.restarted();
  await first.look(['tail']);
  expect(first.read.whole).toBe(1);
  await first.rest();
  const second = scene.restarted();
  expect(await second.look(['tail'])).toMatchObject({ text: '"end"' });
  expect(second.read.whole).toBe(0);
});

test('a state at which somebody is still at work gets none yet', async () => {
  const scene = createScene();
  const { blobId } = (await scene.world.make('db', stateOf(), 'full')).chain[0]!;
  await scene.world.deps.layouts!.rest();
  expect(await scene.layouts.read(blobId, 'places')).toBeUndefined();
  await scene.rest();
  expect(await scene.layouts.read(blobId, 'places')).toBeDefined();
  // What a delta would be made on is still in memory.
  expect(scene.world.deps.bases!.has(blobId)).toBe(true);
});

test('small states, and such as are not encrypted, get none', async () => {
  const scene = createScene();
  const small = await scene.world.make('db', '{"a":1}', 'full');
  const clear = await scene.world.make('db', stateOf(), 'full', { encrypt: false });
  await scene.rest();
  for (const { chain } of [small, clear]) {
    for (const part of ['sources', 'places'] as const) {
      expect(await scene.layouts.read(chain[0]!.blobId, part)).toBeUndefined();
    }
  }
  expect(scene.warnings).toEqual([]);
});

describe('where something is lost or damaged the whole is opened:', () => {
  const lastText = (look: ReturnType<ReturnType<typeof createScene>['restarted']>['look']) =>
    look(['tables', 'users', '19999', 'text']);

  test.each(['sources', 'places'] as const)('the %s of the last blob are gone', async (part) => {
    const scene = createScene((layouts) => layouts);
    const { chain } = await backUp(scene);
    const { blobId } = chain.at(-1)!;
    const { read } = scene.layouts;
    scene.layouts.read = async (...asked) =>
      asked[0] === blobId && asked[1] === part ? undefined : read(...asked);
    const { look, read: reads } = scene.restarted();
    expect(await lastText(look)).toMatchObject({ text: '"x"' });
    expect(reads.whole).toBe(3);
  });

  test.each([
    [0, 'sources'],
    [1, 'sources'],
    [2, 'sources'],
    [2, 'places'],
  ] as const)('of blob %d the %s are others', async (at, part) => {
    const scene = createScene();
    const { chain } = await backUp(scene);
    const { blobId } = chain[at]!;
    const bytes = Buffer.from((await scene.layouts.read(blobId, part))!);
    bytes[bytes.length >> 1]! ^= 1;
    await scene.layouts.write(blobId, part, bytes);
    const { look, read } = scene.restarted();
    expect(await lastText(look)).toMatchObject({ text: '"x"' });
    expect(read.whole).toBe(3);
    expect(scene.warnings).toEqual(['a state could not be read in parts, and is opened whole']);
  });

  test.each([
    [0, 'sources'],
    [2, 'places'],
  ] as const)('of blob %d the %s are damaged, and are made anew by that', async (at, part) => {
    const scene = createScene();
    const { chain } = await backUp(scene);
    const { blobId } = chain[at]!;
    await scene.layouts.write(blobId, part, Buffer.from('cut short'));
    const first = scene.restarted();
    expect(await lastText(first.look)).toMatchObject({ text: '"x"' });
    await first.rest();
    const second = scene.restarted();
    expect(await lastText(second.look)).toMatchObject({ text: '"x"' });
    expect([first.read.whole > 0, second.read.whole]).toEqual([true, 0]);
  });

  test('the sources of one blob stand in the place of another’s', async () => {
    const scene = createScene();
    const { chain } = await backUp(scene);
    await scene.layouts.write(
      chain[2]!.blobId,
      'sources',
      (await scene.layouts.read(chain[1]!.blobId, 'sources'))!,
    );
    const { look, read } = scene.restarted();
    expect(await lastText(look)).toMatchObject({ text: '"x"' });
    expect(read.whole).toBe(3);
  });

  test('a damaged blob is told as that', async () => {
    const scene = createScene();
    const { chain } = await backUp(scene);
    const { blobs } = scene.world.plain;
    const { blobId } = chain[0]!;
    const bytes = Buffer.concat(await Array.fromAsync(await blobs.get(blobId)));
    for (let at = 3000; at < bytes.length; at += 1000) bytes[at]! ^= 1;
    await blobs.delete(blobId);
    await blobs.put(blobId, [bytes]);
    await expect(lastText(scene.restarted().look)).rejects.toMatchObject({ code: 'integrity_error' });
  });

  test('nothing can be written or read beside the blobs', async () => {
    const scene = createScene(() => ({
      write: async () => Promise.reject(new Error('no room')),
      read: async () => undefined,
    }));
    await backUp(scene);
    expect(await lastText(scene.restarted().look)).toMatchObject({ text: '"x"' });
    expect(scene.warnings).toContain('a layout was not written: looks into the state take longer');
  });
});
