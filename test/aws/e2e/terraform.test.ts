// Terraform's http backend on the deployed stack, as its calls come out of a proxy that signs: PUT and DELETE at /lock, for a gateway knows no LOCK.

import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { describeDeployed } from './deployed.ts';

const ID = 'terraform-net';
const LINEAGE = randomUUID();
const stateOf = (serial: string): string =>
  `{"version":4,"terraform_version":"1.11.4","serial":${serial},"lineage":"${LINEAGE}","outputs":{},"resources":[]}`;
const infoOf = (id: string): string =>
  JSON.stringify({
    ...{ ID: id, Operation: 'OperationTypeApply', Info: '', Who: 'ada@desk' },
    ...{ Version: '1.11.4', Created: '2026-11-28T10:00:00Z', Path: '' },
  });

describeDeployed('the http backend of Terraform', ({ client }) => {
  const at = `/terraform/${ID}`;
  const [ours, theirs] = [randomUUID(), randomUUID()];

  test('nothing, lock, state, a second locker, newer and older states, unlock, the way back', async () => {
    expect((await client.send('GET', at)).status).toBe(404);
    expect((await client.send('PUT', `${at}/lock`, infoOf(ours))).status).toBe(200);
    const refused = await client.send('PUT', `${at}/lock`, infoOf(theirs));
    expect([refused.status, refused.json<{ ID?: string }>().ID]).toEqual([423, ours]);

    expect((await client.send('POST', at, stateOf('1'))).status).toBe(423);
    // A serial has 64 bits, and stays as it was sent.
    for (const serial of ['1', '9007199254740993']) {
      const { status } = await client.send('POST', `${at}?ID=${ours}`, stateOf(serial));
      expect(status).toBeLessThan(300);
    }
    expect((await client.send('GET', at)).body.toString()).toBe(stateOf('9007199254740993'));
    const older = await client.send('POST', `${at}?ID=${ours}`, stateOf('2'));
    expect(older.status).toBe(409);
    expect((await client.send('GET', at)).body.toString()).toBe(stateOf('9007199254740993'));

    expect((await client.send('DELETE', `${at}/lock`, infoOf(ours))).status).toBe(200);
    const [, first] = (await client.list()).filter(({ resourceId }) => resourceId === ID);
    const back = await client.send('POST', `${at}/rollback`, JSON.stringify({ backupId: first!.id }));
    expect(back.status).toBeLessThan(300);
    expect((await client.send('GET', at)).body.toString()).toBe(stateOf('9007199254740994'));

    expect((await client.send('PUT', `${at}/lock`, infoOf(theirs))).status).toBe(200);
    expect((await client.send('DELETE', `${at}/lock`, infoOf(theirs))).status).toBe(200);
  });
});
