// What answers say of resources and of their states.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { restoreAnswers } from './restores-answers.ts';
import { shapes } from './shapes.ts';

/** Made on demand. */
export const resourceAnswers = once(() => {
  const { about, time, count, checksum } = shapes();
  const dated = restoreAnswers().DatedBackup;
  const FoundState = z.object({
    backupId: z.string().check(about('The backup that has the state')),
    createdAt: time.check(about('When the state was accepted')),
    asked: z.exactOptional(time).check(about('The instant that was understood, if one was asked for')),
    ageSeconds: count.check(about('How much older the state is than that instant, or than now')),
    exact: z
      .boolean()
      .check(about('False if a later state was accepted by that instant, and is no backup (any more)')),
    reason: z
      .exactOptional(z.enum(['deleted', 'expired', 'gone', 'pending', 'failed']))
      .check(about('What became of that later state')),
    missing: z
      .exactOptional(z.object({ backupId: z.exactOptional(z.string()), createdAt: z.exactOptional(time) }))
      .check(about('That later state, as far as it is known')),
    previous: z.exactOptional(dated).check(about('The live backup before it: the one that is given')),
    next: z.exactOptional(dated).check(about('The live backup after it')),
    size: count,
    checksum: checksum(),
  });
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
  return { ShownValue, PathChange, PathHistory, FoundState, TreeChild, Tree };
});
