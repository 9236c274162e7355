// Whatever is made, rebased, hidden, brought back and removed, of blobs that have links and of blobs that are named after their
// backups: each record and each head reads as it was written, and each blob is accounted for.

import { randomBytes } from 'node:crypto';
import { afterAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createCatalog } from '../../lib/aws/catalog/catalog.ts';
import { baseRefOf, ownBlob } from '../../lib/core/records/chain.ts';
import type { BackupRecord, BlobRef, ResourceHead, WrappedKey } from '../../lib/core/records/model.ts';
import type { Change } from '../../lib/ports/change.ts';
import { keepingInEvents } from '../../lib/ports/trail-lines.ts';
import { systemRandom } from '../../lib/random.ts';
import { appended, backup, drain, event, garbage, head, hexId, inserted, T0 } from '../contract/samples.ts';
import { named } from './named.ts';
import { createClients, destroyClients, makeTable, removeTable } from './resources.ts';

const clients = createClients();
const { dynamoDb } = clients;
afterAll(() => destroyClients(clients));

const hash = () => randomBytes(32).toString('hex');
const newKey = (): WrappedKey => ({
  keyId: 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555',
  keyVersion: '1',
  wrapped: randomBytes(140).toString('base64'),
});

const step = fc.record({
  what: fc.constantFrom(
    'on the last',
    'on the last',
    'branch',
    'rebase',
    'hide',
    'show',
    'prove',
    'remove',
    'sweep',
    'head',
  ),
  at: fc.nat(1000),
  isNamed: fc.boolean(),
  /** As the service does; or as a record that nothing is known of. */
  isReadBefore: fc.boolean(),
  isEncrypted: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** A long chain first: what is told elsewhere, and how, is a matter of length. */
const plan = fc.record({
  length: fc.constantFrom(1, 3, 8, 20, 33),
  steps: fc.array(step, { minLength: 6, maxLength: 16 }),
});

test('chains read as they were written, and no blob is lost sight of', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ length, steps }) => {
      const tableName = await makeTable(dynamoDb);
      const clock = { now: () => T0 };
      const catalog = keepingInEvents(createCatalog({ dynamoDb, tableName, clock, random: systemRandom }));
      const records = new Map<string, BackupRecord>();
      const waiting = new Set<string>();
      const blobs = new Set<string>();
      let stored: ResourceHead | undefined;
      let sequence = 0;
      const commit = (...changes: Change[]) =>
        catalog.commit([...changes, appended(event({ resourceId: 'r' }))]);
      const isNeeded = (blobId: string, but?: string) =>
        [...records.values()].some(
          ({ id, chain }) => id !== but && chain.some((ref) => ref.blobId === blobId),
        );

      async function make(
        base: BackupRecord | undefined,
        { isNamed, isReadBefore, isEncrypted }: Omit<Step, 'what' | 'at'>,
      ) {
        const read = base && isReadBefore ? await catalog.getBackup(base.id) : base;
        const fields = { resourceId: 'r', sequence: ++sequence, createdAt: T0 + sequence };
        const plain = backup({ ...fields, ...(base && { chainId: base.chainId, type: 'incremental' }) });
        const called = isNamed ? named(plain) : plain;
        const own: BlobRef = {
          ...called.chain[0]!,
          ...{
            kind: base === undefined ? 'state' : 'delta',
            sha256: hash(),
            checksum: hash(),
            encrypted: isEncrypted,
          },
        };
        const { key: _key, ...rest } = called;
        // Where encryption sets in later than the chain, its branches have keys of their own.
        const key = base?.key ?? (isEncrypted ? newKey() : undefined);
        const record = {
          ...rest,
          chain: [...(read?.chain ?? []), own],
          ...(key === undefined ? {} : { key }),
        };
        await commit(inserted(record));
        blobs.add(own.blobId);
        records.set(record.id, record);
      }

      async function update(record: BackupRecord, changes: Partial<BackupRecord>, ...others: Change[]) {
        const read = (await catalog.getBackup(record.id))!;
        const next: BackupRecord = { ...read, ...changes, version: read.version + 1 };
        for (const [name, value] of Object.entries(changes))
          if (value === undefined) delete next[name as 'deletedAt'];
        await commit({ kind: 'backup.update', record: next, expect: read.version }, ...others);
        records.set(record.id, next);
      }

      async function take(one: Step): Promise<void> {
        const all = [...records.values()];
        const record = all[one.at % Math.max(all.length, 1)];
        if (one.what === 'on the last' || record === undefined) return make(all.at(-1), one);
        const own = ownBlob(record);
        switch (one.what) {
          case 'branch':
            return make(record, one);
          case 'rebase': {
            const fresh: BlobRef = { ...own, blobId: hexId(), kind: 'state', sha256: hash() };
            const onto = one.at % 2 === 0 ? [] : record.chain.slice(0, -1);
            blobs.add(fresh.blobId);
            waiting.add(own.blobId);
            const entry = garbage({ blobId: own.blobId, resourceId: 'r', reason: 'replaced' });
            return update(record, { chain: [...onto, fresh] }, { kind: 'garbage.put', entry });
          }
          case 'hide':
            return update(record, { deletedAt: T0 });
          case 'show':
            return update(record, { deletedAt: undefined } as object);
          case 'prove':
            return update(record, { verifiedAt: T0 + one.at });
          case 'remove':
            if (isNeeded(own.blobId, record.id)) return;
            await commit({ kind: 'backup.remove', id: record.id, expect: record.version });
            records.delete(record.id);
            return;
          case 'sweep':
            for (const blobId of waiting) {
              if (isNeeded(blobId)) continue;
              await commit({ kind: 'garbage.remove', blobId });
              waiting.delete(blobId);
            }
            return;
          case 'head': {
            const [latest, latestFull] = [record, all[0]!].map(({ id }) => catalog.getBackup(id));
            const next = head({
              ...{ resourceId: 'r', sequence, version: (stored?.version ?? 0) + 1 },
              ...{ latest: baseRefOf((await latest)!), latestFull: baseRefOf((await latestFull)!) },
            });
            await commit({ kind: 'head.put', head: next, expect: next.version - 1 });
            stored = next;
          }
        }
      }

      const begun = { isReadBefore: true, isEncrypted: true };
      for (let n = 0; n < length; n++)
        await make([...records.values()].at(-1), { ...begun, isNamed: n % 5 !== 3 });
      for (const one of steps) {
        await take(one);
        for (const record of records.values()) expect(await catalog.getBackup(record.id)).toEqual(record);
        if (stored !== undefined) {
          const bases = [stored.latest!, stored.latestFull!].flatMap(({ chain }) => chain);
          if (bases.every(({ blobId }) => isNeeded(blobId) || waiting.has(blobId)))
            expect(await catalog.getHead('r')).toEqual(stored);
        }
        const owned = new Set([...records.values()].map((record) => ownBlob(record).blobId));
        const unknown = [...blobs].filter((blobId) => !owned.has(blobId) && !waiting.has(blobId));
        expect((await catalog.findUnknownBlobs([...blobs])).sort()).toEqual(unknown.sort());
      }
      const live = [...records.values()].filter(({ deletedAt }) => deletedAt === undefined);
      const listed = await drain((page) => catalog.listBackups(page), 7);
      expect(listed.map(({ id }) => id).sort()).toEqual(live.map(({ id }) => id).sort());
      for (const record of listed) expect(record).toEqual(records.get(record.id));
      await removeTable(dynamoDb, tableName);
    }),
    { numRuns: 10 },
  );
}, 300_000);
