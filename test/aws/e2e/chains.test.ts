// Histories on the deployed stack: exact at every id and every instant, whatever the states, whoever writes at once.

import { expect, test } from '@jest/globals';
import type { BackupType } from '../../../lib/core/records/model.ts';
import type { BackupView } from '../../../lib/http/contract/backups-view.ts';
import { checksumOf, forEach, type Problem, stateOf } from '../../e2e/client.ts';
import { seedOf, withSeed } from '../../e2e/random.ts';
import { createStates, ODD_STATES } from '../../e2e/states.ts';
import { describeDeployed } from './deployed.ts';

const BACKUPS = 24;
const WRITERS = 6;
const TYPES: BackupType[] = ['full', 'incremental', 'incremental', 'incremental', 'differential'];

describeDeployed('chains', ({ client }) => {
  async function expectExact(
    resourceId: string,
    kept: { backup: BackupView; state: string }[],
  ): Promise<void> {
    await forEach(kept, async ({ backup, state }) => {
      expect(stateOf(await client.restore(backup.id)).toString()).toBe(state);
      expect(stateOf(await client.restoreAt(resourceId, backup.createdAt)).toString()).toBe(state);
      expect(backup.checksum).toBe(checksumOf(state));
    });
  }

  test('random types over random changes', async () => {
    await withSeed(seedOf(24), async (random) => {
      const next = createStates(random);
      const kept: { backup: BackupView; state: string }[] = [];
      for (let n = 0; n < BACKUPS; n++) {
        const state = next();
        kept.push({
          state,
          backup: await client.backup({ resourceId: 'chain', state, type: random.pick(TYPES) }),
        });
      }
      expect(Math.max(...kept.map(({ backup }) => backup.chainLength))).toBeGreaterThan(2);
      await expectExact('chain', kept);

      const listed = (await client.list()).filter(({ resourceId }) => resourceId === 'chain');
      expect(listed.map(({ id }) => id)).toEqual(kept.map(({ backup }) => backup.id).reverse());
      const { backup } = kept.findLast((one) => one.backup.type === 'incremental')!;
      const base = kept.find((one) => one.backup.id === backup.baseBackupId)!;
      expect((await client.send('GET', `/backups/${backup.id}/delta`)).json()).toMatchObject({
        base: checksumOf(base.state),
        target: backup.checksum,
      });
      expect((await client.send('POST', `/backups/${backup.id}/verify`)).json()).toMatchObject({
        valid: true,
      });
    });
  });

  test('states that JSON.parse would change', async () => {
    const kept: { backup: BackupView; state: string }[] = [];
    for (const { sent, text } of ODD_STATES) {
      const backup = await client.backup({ resourceId: 'odd', state: sent, type: 'incremental' });
      kept.push({ backup, state: text });
    }
    await expectExact('odd', kept);
  });

  test('a part of a state, by its pointer', async () => {
    const state = '{"users":[{"id":9007199254740993},{"id":2}]}';
    const { id } = await client.backup({ resourceId: 'part', state });
    expect(stateOf(await client.restore(id, { path: '/users/0/id' })).toString()).toBe('9007199254740993');
    expect((await client.restore(id, { path: '/users/7' })).json<Problem>().code).toBe('path_not_found');
  });

  test('writers at once each make a backup of their own, or are told to try again', async () => {
    const answers = await Promise.all(
      Array.from({ length: WRITERS }, (_, i) =>
        client.create({ resourceId: 'race', state: `{"writer":${i}}`, type: 'incremental' }),
      ),
    );
    const created = answers.filter(({ status }) => status === 201).map((answer) => answer.json<BackupView>());
    expect(created.length).toBeGreaterThan(0);
    for (const answer of answers) {
      if (answer.status !== 201)
        expect(answer.json<Problem>()).toMatchObject({ status: 409, code: 'write_conflict' });
    }
    expect(new Set(created.map(({ createdAt }) => createdAt)).size).toBe(created.length);
    await forEach(answers, async (answer, i) => {
      if (answer.status !== 201) return;
      const { id } = answer.json<BackupView>();
      expect(stateOf(await client.restore(id)).toString()).toBe(`{"writer":${i}}`);
    });
  });

  test('the same Idempotency-Key gives the same answer and one backup', async () => {
    const create = (state: string) =>
      client.create({ resourceId: 'once', state, headers: { 'Idempotency-Key': 'key-1' } });
    const [first, second] = await Promise.all([create('1'), create('1')]);
    const third = await create('1');
    expect([first.status, second.status, third.status]).toEqual([201, 201, 201]);
    expect(new Set([first, second, third].map((answer) => answer.json<BackupView>().id)).size).toBe(1);
    expect(third.headers.get('idempotent-replayed')).toBe('true');
    expect((await create('2')).json<Problem>().code).toBe('idempotency_key_reused');
  });
});
