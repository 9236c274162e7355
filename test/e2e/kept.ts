// A few ordinary backups of one resource, and whether they are all there.

import { expect } from '@jest/globals';
import type { BackupView } from '../../lib/http/contract/backups-view.ts';
import { type Client, stateOf } from './client.ts';

const TYPES = ['full', 'incremental', 'incremental', 'differential', 'incremental'] as const;

export const stateNumber = (n: number): string =>
  `{"n":${n},"big":9007199254740993,"rows":[${Array.from({ length: n + 20 }, (_, i) => `{"id":${i}}`)}]}`;

export interface Kept {
  backup: BackupView;
  state: string;
}

/** Makes so many backups, numbered from `first`. */
export async function keep(
  client: Client,
  resourceId: string,
  first: number,
  count: number,
): Promise<Kept[]> {
  const kept: Kept[] = [];
  for (let n = first; n < first + count; n++) {
    const state = stateNumber(n);
    const backup = await client.backup({ resourceId, state, type: TYPES[n % TYPES.length]! });
    kept.push({ backup, state });
  }
  return kept;
}

/** They are what is listed of the resource, and each restores exactly by id and by instant. */
export async function expectKept(client: Client, resourceId: string, kept: Kept[]): Promise<void> {
  const listed = (await client.list()).filter((backup) => backup.resourceId === resourceId);
  expect(listed).toEqual(kept.map(({ backup }) => backup).reverse());
  for (const { backup, state } of kept) {
    expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
    expect(stateOf(await client.restoreAt(resourceId, backup.createdAt)).toString()).toBe(state);
    expect((await client.send('POST', `/backups/${backup.id}/verify`)).json()).toMatchObject({ valid: true });
  }
}
