// States that JSON.parse would change come back byte for byte, alone and through deltas from and to each other.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { type Client, checksumOf, createClient, forEach, stateOf } from '../client.ts';
import { cleanUp, mishaps, newDataDir, type Server, startServer } from '../server.ts';
import { ODD_STATES, type OddState } from '../states.ts';

let server: Server;
let client: Client;

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir() });
  client = createClient(server.url);
});

afterAll(cleanUp);

describe('odd states', () => {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const rows = `[${Array.from({ length: 200 }, (_, id) => `{"id":${id},"name":"row ${id * 7919}"}`)}]`;
  /** The same inside a state that stays, so that what is stored is a delta, and not the whole. */
  const within = ({ name, sent, text }: OddState): OddState => ({
    name: `${name}, inside a larger state`,
    sent: `{"rows":${rows},"odd":${sent},"after":[1,2]}`,
    text: `{"rows":${rows},"odd":${text},"after":[1,2]}`,
  });

  async function make(resourceId: string, { sent, text }: OddState, type: BackupType): Promise<BackupView> {
    const backup = await client.backup({ resourceId, state: sent, type });
    expect(backup).toMatchObject({ type, checksum: checksumOf(text), size: Buffer.byteLength(text) });
    return backup;
  }

  async function expectBack(backup: BackupView, { text }: OddState): Promise<void> {
    const answers = await Promise.all([
      client.restore(backup.id),
      client.restoreAt(backup.resourceId, backup.createdAt),
    ]);
    for (const answer of answers) {
      const state = stateOf(answer);
      // Compared as bytes: a difference of half a megabyte is no use to anyone.
      if (!state.equals(Buffer.from(text))) expect(state.toString().slice(0, 2000)).toBe(text.slice(0, 2000));
      expect(checksumOf(state)).toBe(backup.checksum);
    }
  }

  async function expectDelta(id: string, base: OddState, target: OddState): Promise<void> {
    const answer = await client.send('GET', `/backups/${id}/delta`);
    expect(answer.status).toBe(200);
    const delta = JSON.parse(utf8.decode(answer.body)) as Record<string, unknown>;
    expect(delta).toMatchObject({
      changes: expect.any(Array),
      additions: expect.any(Array),
      deletions: expect.any(Array),
      base: checksumOf(base.text),
      target: checksumOf(target.text),
    });
    if (base.text === target.text) expect(delta).toMatchObject({ changes: [], additions: [], deletions: [] });
  }

  const all = [...ODD_STATES, ...ODD_STATES.map(within)];
  const cases = all.map((state, i) => {
    // From this one to the next, and back; the last of all goes to the first.
    const other = all[(i + 1) % all.length]!;
    return [state.name, state, other] as const;
  });

  test.each(cases)('%s', async (name, state, other) => {
    const full = await make(name, state, 'full');
    const there = await make(name, other, 'incremental');
    const differential = await make(name, other, 'differential');
    const back = await make(name, state, 'incremental');
    const again = await make(name, state, 'differential');
    await Promise.all([
      expectBack(full, state),
      expectBack(there, other),
      expectBack(differential, other),
      expectBack(back, state),
      expectBack(again, state),
      expectDelta(there.id, state, other),
      expectDelta(differential.id, state, other),
      expectDelta(back.id, other, state),
      expectDelta(again.id, state, state),
    ]);
  });

  test('one after the other in one history', async () => {
    const made: [BackupView, OddState][] = [];
    for (const [i, state] of all.entries()) {
      const type = i === 0 ? 'full' : i % 3 === 0 ? 'differential' : 'incremental';
      made.push([await make('all of them', state, type), state]);
    }
    await forEach(made, ([backup, state]) => expectBack(backup, state));
  });

  test('and nobody has found anything wrong with them', () => {
    expect(mishaps(server.logs)).toEqual([]);
  });
});
