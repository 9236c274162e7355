// What every Scratch must do.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Scratch } from '../../lib/core/bytes/packed.ts';
import { type Closing, forEachTest, type Make } from './harness.ts';

export interface ScratchHarness extends Closing {
  scratch: Scratch;
}

export function scratchSuite(name: string, make: Make<ScratchHarness>): void {
  describe(`${name} scratch`, () => {
    const harness = forEachTest(make);
    const create = () => harness().scratch;
    const read = async (chunks: AsyncIterable<Uint8Array>) => Buffer.concat(await Array.fromAsync(chunks));

    test('gives back what was appended, as often as it is read', async () => {
      const file = await create().open();
      const chunks = [randomBytes(10), Buffer.alloc(0), randomBytes(3_000_000), randomBytes(1)];
      for (const chunk of chunks) await file.append(chunk);
      for (let time = 0; time < 2; time++) {
        expect((await read(file.read())).equals(Buffer.concat(chunks))).toBe(true);
      }
      await file.close();
    });

    test('an empty file is empty', async () => {
      const file = await create().open();
      expect(await read(file.read())).toHaveLength(0);
      await file.close();
    });

    test('the chunk may be reused once it has been appended', async () => {
      const file = await create().open();
      const chunk = Buffer.from('before');
      await file.append(chunk);
      chunk.fill('x');
      expect((await read(file.read())).toString()).toBe('before');
      await file.close();
    });

    test('files do not mix', async () => {
      const scratch = create();
      const [a, b] = [await scratch.open(), await scratch.open()];
      await a.append(Buffer.from('a'));
      await b.append(Buffer.from('b'));
      await a.append(Buffer.from('A'));
      expect((await read(a.read())).toString()).toBe('aA');
      expect((await read(b.read())).toString()).toBe('b');
      await Promise.all([a.close(), b.close()]);
    });

    test('once closed it is gone, and can be closed again', async () => {
      const file = await create().open();
      await file.append(Buffer.from('gone'));
      await file.close();
      await file.close();
      await expect(read(file.read())).rejects.toThrow('after it was closed');
      await expect(file.append(Buffer.from('x'))).rejects.toThrow('after it was closed');
    });
  });
}
