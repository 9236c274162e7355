// What answers say of resources and of their states.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { shapes } from './shapes.ts';
import { stateAnswers } from './states-answers.ts';

/** Made on demand. */
export const resourceAnswers = once(() => {
  const { about, time, count, checksum } = shapes();
  const { DatedBackup: dated, FoundState } = stateAnswers();
  const shown = {
    kind: z.enum(['object', 'array', 'string', 'number', 'boolean', 'null']),
    bytes: z.exactOptional(count).check(about('Of its JSON text; not told of what is masked')),
    count: z.exactOptional(count).check(about('Of an object its members, of an array its elements')),
    text: z
      .exactOptional(z.string())
      .check(about('The raw JSON text of a scalar, or its beginning without the closing quote')),
    cut: z.exactOptional(z.literal(true)).check(about('The text is only a beginning')),
    masked: z.exactOptional(z.literal(true)).check(about('Hidden: neither its text nor its length is told')),
  };
  const pointer = z
    .exactOptional(z.string())
    .check(about('JSON Pointer (RFC 6901) in this state; absent where a name was cut'));
  const TreeChild = z.object({
    name: z.exactOptional(z.string()).check(about('Of a member')),
    nameCut: z.exactOptional(z.literal(true)).check(about('The name is only a beginning')),
    index: z.exactOptional(count).check(about('Of an element')),
    row: z
      .exactOptional(z.string())
      .check(about('What the row is called, where no other is called the same: `id=42`. A step of a path')),
    pointer,
    ...shown,
  });
  const Tree = z.object({
    state: FoundState,
    path: z.string().check(about('JSON Pointer (RFC 6901) of what is shown, in this state')),
    ...shown,
    children: z.exactOptional(z.array(TreeChild)),
    next: z.exactOptional(count).check(about('`after` of the next page; absent on the last one')),
  });
  const ShownValue = z.object(shown);
  const PathChange = z.object({
    backupId: z.string().check(about('The backup whose state has something else there than the one before')),
    createdAt: time,
    previous: z
      .exactOptional(dated)
      .check(about('The one before, if there is one: when it changed lies between')),
    change: z
      .enum(['first', 'appeared', 'changed', 'gone', 'ambiguous'])
      .check(
        about(
          '`first`: it was there in the first backup that is kept. `ambiguous`: from then on several rows are called like that',
        ),
      ),
    old: z.exactOptional(ShownValue),
    new: z.exactOptional(ShownValue),
  });
  const PathHistory = z.object({
    path: z.string(),
    changes: z.array(PathChange),
    count,
    looked: z
      .object({ backups: count, oldest: z.exactOptional(dated) })
      .check(about('What this page has looked through')),
    nextCursor: z.exactOptional(z.string()),
  });
  const counts = { additions: count, changes: count, deletions: count, moves: count };
  const row = z
    .exactOptional(z.string())
    .check(
      about(
        'The path by what rows are called, where one on the way has a name of its own: it is true of both states',
      ),
    );
  const where = { key: z.string().check(about('As a delta has it')), pointer: z.string(), row };
  const told = {
    masked: z.exactOptional(z.literal(true)).check(about('A value is hidden, or something in it')),
  };
  const DiffChange = z.object({
    ...where,
    oldValue: z.exactOptional(z.unknown()),
    newValue: z.exactOptional(z.unknown()),
    oldBytes: z
      .exactOptional(count)
      .check(about('Of a value that is left out, because it is longer than `valueBytes`')),
    newBytes: z.exactOptional(count),
    ...told,
  });
  const DiffValue = z.object({
    ...where,
    value: z.exactOptional(z.unknown()),
    bytes: z
      .exactOptional(count)
      .check(about('Of a value that is left out, because it is longer than `valueBytes`')),
    index: z
      .exactOptional(count)
      .check(about('Of a new member that does not stand behind all others: its place')),
    ...told,
  });
  const DiffMove = z.object({
    from: z.string(),
    to: z.string(),
    pointer: z.string(),
    toPointer: z.string(),
    row,
    index: z.exactOptional(count),
    count: z.exactOptional(count).check(about('So many rows have moved together')),
  });
  const Diff = z.object({
    from: FoundState,
    to: FoundState,
    path: z.string(),
    counts: z.object(counts).check(about('Of all differences')),
    tables: z
      .array(z.object({ pointer: z.string(), ...counts }))
      .check(about('The containers that they are in, those with most first')),
    others: z.exactOptional(z.object(counts)).check(about('Of those in tables that are not listed')),
    changes: z.exactOptional(z.array(DiffChange)),
    additions: z.exactOptional(z.array(DiffValue)),
    deletions: z.exactOptional(z.array(DiffValue)),
    moves: z.exactOptional(z.array(DiffMove)),
    next: z.exactOptional(count).check(about('`after` of the next page; absent on the last one')),
  });
  const JsonPatch = z.array(
    z.object({
      op: z.enum(['replace', 'remove', 'add']),
      path: z.string(),
      value: z.exactOptional(z.unknown()),
    }),
  );
  const Resource = z.object({
    id: z.string(),
    resourceType: z.exactOptional(z.string()),
    accepted: count.check(about('How many states were ever accepted')),
    live: count.check(about('Live backups')),
    bytes: count.check(
      about(
        'Bytes of the blobs that live backups have added; what is kept for them of hidden ones comes on top',
      ),
    ),
    oldestAt: z.exactOptional(time).check(about('When the oldest state that is live was accepted')),
    health: z
      .exactOptional(
        z.object({ state: z.enum(['damaged', 'late', 'unusual', 'held', 'healthy']), reason: z.string() }),
      )
      .check(about('The worst that can be said of it, and why')),
    schedules: z.exactOptional(z.array(z.string())).check(about('Those that read states for it')),
    expectEverySeconds: z
      .exactOptional(count)
      .check(about('How often a state is expected, if that was said')),
    newest: z
      .exactOptional(
        z.object({
          backupId: z.string(),
          createdAt: time,
          type: z.enum(['full', 'incremental', 'differential']),
          size: count,
          checksum: checksum(),
          chainLength: count,
          chainBytes: count.check(about('Stored bytes that its restore reads')),
          provenAt: time.check(about('When its own stored bytes were last proven to be what was written')),
          damaged: z.exactOptional(z.literal(true)),
          legalHold: z.exactOptional(z.boolean()),
          lockedUntil: z.exactOptional(time),
          expiresAt: z.exactOptional(time),
        }),
      )
      .check(about('The newest live backup; absent where all are gone')),
    lastSuccessAt: z.exactOptional(time).check(about('When a state last came, new or unchanged')),
    ageSeconds: z.exactOptional(count).check(about('How long ago that is')),
  });
  const sums = {
    backups: count,
    fulls: count,
    additions: count,
    changes: count,
    deletions: count,
    moves: count,
    uncounted: count.check(about('Backups of which nobody counted what changed')),
    bytes: count.check(about('Bytes of the blobs that were added')),
    held: count.check(about('Under a legal hold')),
    damaged: count,
  };
  const Timeline = z.object({
    from: time,
    to: time,
    live: count.check(about('All live backups of the resource, whatever the times')),
    oldestAt: z.exactOptional(time),
    newestAt: z.exactOptional(time),
    buckets: z
      .array(
        z.object({
          from: time,
          to: time,
          ...sums,
          size: count.check(about('Bytes of the state at the end')),
          first: z.string().check(about('The first backup in it')),
          last: z.string(),
        }),
      )
      .check(about('Those that have a backup, by time; all of one width')),
    totals: z.object(sums),
  });
  const ResourceList = z.object({
    resources: z.array(Resource),
    count,
    nextCursor: z.exactOptional(z.string()),
  });
  return {
    Resource,
    ResourceList,
    Timeline,
    DiffChange,
    DiffValue,
    DiffMove,
    Diff,
    JsonPatch,
    ShownValue,
    PathChange,
    PathHistory,
    TreeChild,
    Tree,
  };
});
