// Data folders in which a service has worked and stopped, to be harmed and opened anew.

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type Clocks, newRoot, type Opened, openStore } from './torture/store.ts';

/** Folders under a root of their own; `remove` takes all of them away. */
export function createFolders() {
  const { root, remove } = newRoot();

  const clocks: Clocks = { wall: Date.UTC(2026, 10, 1), monotonic: 0 };
  let made = 0;

  const newFolder = (): string => {
    made += 1;
    return join(root, `data-${made}`);
  };

  const create = async (store: Opened, resourceId: string, data: unknown, type = 'incremental') => {
    clocks.wall += 1000;
    const { status, text } = await store.call('POST', '/backups', JSON.stringify({ resourceId, type, data }));
    expect([status, text]).toEqual([201, text]);
    return JSON.parse(text) as { id: string };
  };

  const fill = async (store: Opened, from: number, count: number) => {
    for (let n = from; n < from + count; n++)
      await create(store, n % 2 === 0 ? 'a' : 'b', { n, rows: [1, 2, 3] });
  };

  /** A folder in which a service has made so many backups and stopped. */
  const filled = async (count: number): Promise<string> => {
    const folder = newFolder();
    const store = await openStore(folder, clocks);
    await fill(store, 0, count);
    await store.close();
    return folder;
  };

  /** The same, and the folder as it was when only half of them were there. */
  const filledTwice = async (): Promise<{ folder: string; earlier: string }> => {
    const folder = await filled(3);
    const earlier = newFolder();
    cpSync(folder, earlier, { recursive: true });
    const store = await openStore(folder, clocks);
    await fill(store, 3, 3);
    await store.close();
    return { folder, earlier };
  };

  const refusal = async (folder: string): Promise<string> => {
    try {
      const store = await openStore(folder, clocks);
      await store.close();
      return 'opened';
    } catch (error) {
      return (error as Error).message;
    }
  };

  return { root, remove, clocks, newFolder, create, fill, filled, filledTwice, refusal };
}

/** Runs `sql` on the catalog of a folder that no service has open. */
export async function alter(folder: string, sql: string): Promise<void> {
  const { DatabaseSync } = await import('node:sqlite');
  const native = new DatabaseSync(join(folder, 'catalog.sqlite'));
  native.exec(sql);
  native.close();
}
