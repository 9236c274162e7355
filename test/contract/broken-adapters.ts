// Adapters that break one promise each, with the suite of their port run over them: no suite may let its adapter pass. This is no
// test file; test/e2e/slow/adding-an-adapter.test.ts runs it and reads what failed.

import { around } from '../../lib/decorators/around.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createMemoryCatalog } from '../../lib/memory/catalog.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryEventSink } from '../../lib/memory/event-sink.ts';
import { createMemoryKeyring } from '../../lib/memory/keyring.ts';
import { createMemoryLayouts } from '../../lib/memory/layouts.ts';
import { createMemoryQueue } from '../../lib/memory/queue.ts';
import { createSeededRandom } from '../../lib/memory/random.ts';
import { createMemoryScratch } from '../../lib/memory/scratch.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createMemoryTrailStore } from '../../lib/memory/trail-store.ts';
import { createMemoryTransferStore } from '../../lib/memory/transfers.ts';
import { createMemoryUpkeep } from '../../lib/memory/upkeep.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import type { Catalog } from '../../lib/ports/catalog.ts';
import type { KeyContext } from '../../lib/ports/keyring.ts';
import type { Queue } from '../../lib/ports/queue.ts';
import { inThisThread } from '../../lib/ports/text-work.ts';
import { KERNEL } from '../core/kernels.ts';
import * as suites from './index.ts';

type Run = () => Promise<unknown>;

/** The port, one method of which does something else. */
function broken<Port extends object>(
  port: Port,
  broken: string,
  instead: (args: readonly unknown[], run: Run) => unknown,
): Port {
  return around(port, ({ method, args }, run) => (method === broken ? instead(args, run as Run) : run()));
}

const blobs: Record<string, (store: BlobStore) => BlobStore> = {
  'takes what was not announced': (store) =>
    broken(store, 'put', ([id, body]) => store.put(id as string, body as [])),
  'replaces a blob': (store) =>
    broken(store, 'put', async ([id], run) => {
      await store.delete(id as string);
      return run();
    }),
  'forgets what is set aside': (store) => broken(store, 'setAside', ([id]) => store.delete(id as string)),
  'gives a range from the front on': (store) =>
    broken(store, 'getRange', ([id, from, to]) =>
      store.getRange!(id as string, 0, Number(to) - Number(from)),
    ),
  'has a list without an end': (store) =>
    broken(store, 'list', async (_args, run) => ({ ...((await run()) as object), cursor: undefined })),
};
for (const [what, breaks] of Object.entries(blobs)) {
  suites.blobStoreSuite(`[blobs: ${what}]`, () => ({ store: breaks(createMemoryBlobStore()) }));
}

const catalogs: Record<string, (catalog: Catalog) => Catalog> = {
  'commits in part': (catalog) =>
    broken(catalog, 'commit', async ([changes]) => {
      for (const change of changes as []) await catalog.commit([change]);
    }),
  'knows no hidden backups': (catalog) => broken(catalog, 'listHidden', async () => ({ items: [] })),
  'gives an id twice': (catalog) => broken(catalog, 'allocateId', async ([kind]) => `${kind}-1`),
  'counts no live backups': (catalog) => broken(catalog, 'hasLive', async () => true),
  'remembers no expiry': (catalog) => broken(catalog, 'getExpiryState', async () => undefined),
  'publishes for ever': (catalog) => broken(catalog, 'markPublished', async () => {}),
};
for (const [what, breaks] of Object.entries(catalogs)) {
  suites.catalogSuite(`[catalog: ${what}]`, () => ({ catalog: breaks(createMemoryCatalog()) }));
}

const queues: Record<string, (queue: Queue) => Queue> = {
  'never forgets': (queue) => broken(queue, 'ack', async () => {}),
  'waits for nothing': (queue) => broken(queue, 'send', ([job]) => queue.send(job as never)),
};
for (const [what, breaks] of Object.entries(queues)) {
  suites.queueSuite(`[queue: ${what}]`, () => {
    const clock = createManualClock();
    return { queue: breaks(createMemoryQueue(clock)), advance: clock.advance };
  });
}

suites.keyringSuite('[keyring: opens under any context]', () => {
  const keyring = createMemoryKeyring();
  const contexts = new Map<string, KeyContext>();
  return {
    keyring: {
      ...keyring,
      async generate(context) {
        const made = await keyring.generate(context);
        contexts.set(made.key.wrapped, context);
        return made;
      },
      open: (key, context) => keyring.open(key, contexts.get(key.wrapped) ?? context),
    },
  };
});

for (const what of ['keeps the buffer', 'has one mark for all', 'takes anything', 'never ends'] as const) {
  suites.transferStoreSuite(`[transfers: ${what}]`, () => {
    const clock = createManualClock();
    const transfers = createMemoryTransferStore(what === 'never ends' ? createManualClock() : clock);
    const kept = new Map<string, Uint8Array>();
    const reading = broken(transfers, 'readUpload', async ([id], run) => {
      const upload = (await run()) as Awaited<ReturnType<typeof transfers.readUpload>>;
      if (what === 'has one mark for all') return { ...upload, mark: 'x' };
      if (what !== 'keeps the buffer') return upload;
      const { sha256: _none, ...rest } = upload;
      return { ...rest, body: [kept.get(id as string)!] };
    });
    return {
      transfers:
        what === 'takes anything'
          ? broken(reading, 'createUpload', ([id, request]) =>
              transfers.createUpload(id as string, {
                expiresAt: (request as { expiresAt: number }).expiresAt,
                bytesMax: Number.MAX_SAFE_INTEGER,
              }),
            )
          : reading,
      put({ url }, body) {
        transfers.put(url, body);
        kept.set(url.split('/').at(-1)!, body);
      },
      get: (url) => transfers.fetch(url)!,
      now: clock.now,
      advance: clock.advance,
    };
  });
}

suites.eventSinkSuite('[events: loses the last]', () => {
  const sink = createMemoryEventSink();
  return {
    sink: broken(sink, 'publish', ([events]) => sink.publish((events as []).slice(0, -1))),
    arrived: async () => sink.events(),
  };
});

suites.trailStoreSuite('[trail: lists by name]', () => {
  const store = createMemoryTrailStore();
  return {
    store: broken(store, 'list', async (_args, run) =>
      ((await run()) as number[]).map(String).sort().map(Number),
    ),
  };
});

suites.tokenRegistrySuite('[tokens: revokes nothing]', () => {
  const clock = createManualClock();
  const tokens = createMemoryTokens(clock);
  return {
    clock,
    tokens: broken(tokens, 'revoke', async ([id]) => tokens.list().find((one) => one.id === id)),
  };
});

suites.textWorkSuite('[texts: looks at nothing]', () => {
  const work = inThisThread(KERNEL);
  return {
    work: {
      ...work,
      hashOfApplied: async (base) => work.hashOfApplied(base, new Uint8Array(0)).catch(() => ''),
    },
  };
});

suites.scratchSuite('[scratch: keeps the chunk]', () => ({
  scratch: {
    async open() {
      const file = await createMemoryScratch().open();
      const chunks: Uint8Array[] = [];
      return {
        ...file,
        append: async (chunk) => void chunks.push(chunk),
        async *read() {
          yield* chunks;
        },
      };
    },
  },
}));

suites.clockSuite('[clock: can be set]', () => {
  const clock = createManualClock();
  return { clock: { ...clock, monotonic: () => Math.floor(clock.now()) }, pass: () => clock.advance(0.02) };
});

suites.randomSuite('[random: begins anew]', () => ({
  random: { bytes: (count) => createSeededRandom(1).bytes(count) },
}));

suites.upkeepRecordsSuite('[upkeep: keeps the first run]', () => {
  const records = createMemoryUpkeep();
  return {
    records: broken(records, 'put', async ([run], put) => {
      const { task } = run as { task: string };
      if (!(await records.list()).some((one) => one.task === task)) await put();
    }),
  };
});

suites.layoutStoreSuite('[layouts: outlive their blobs]', () => {
  const blobs = createMemoryBlobStore();
  return { blobs, layouts: createMemoryLayouts(blobs).layouts };
});

suites.layoutStoreSuite('[layouts: of one part for both]', () => {
  const { blobs, layouts } = createMemoryLayouts(createMemoryBlobStore());
  return {
    blobs,
    layouts: broken(layouts, 'read', ([blobId]) => layouts.read(blobId as string, 'sources')),
  };
});
