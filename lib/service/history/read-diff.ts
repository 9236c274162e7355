// What two states of a resource differ by, at any two moments: both are rebuilt and proven, then compared.

import type { NoDiff } from '../../core/history/diff.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { isKept, type Look, takeLook, takeLooks } from '../chains/looks.ts';
import { takeRoom } from '../chains/readers.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { DiffInput, FoundDiff } from '../contract/looks.ts';
import { noteLook } from './audit.ts';
import { findState } from './find.ts';
import { demandHeld } from './held.ts';
import { asSaid } from './said.ts';

/** Throws as `findState`, and ServiceError `path_not_found`, `payload_too_large`, `broken_chain` or `integrity_error`. */
export async function readDiff(deps: Deps, input: DiffInput, caller: Caller): Promise<FoundDiff> {
  const { resourceId, steps, path, options } = input;
  const [from, to, shown] = await Promise.all([
    findState(deps, resourceId, input.from, '/query/from'),
    findState(deps, resourceId, input.to, '/query/to'),
    asSaid(deps, resourceId, options),
  ]);
  demandHeld(deps, from.record);
  demandHeld(deps, to.record);
  // Taken at once: two who each have room for one state would wait for each other.
  const isThere = isKept(deps, from.record) && isKept(deps, to.record);
  const larger = from.record.size > to.record.size ? from.record : to.record;
  const room = isThere ? undefined : await takeRoom(deps, larger, 2);
  try {
    const [page] = await Promise.all([
      compare(deps, from.record, to.record, steps, shown),
      noteLook(deps, to.record, { what: 'diff', path, from: from.record.id }, caller),
    ]);
    if (typeof page === 'string') throw noDiff(page, path);
    return { from, to, page };
  } finally {
    room?.free();
  }
}

async function compare(
  deps: Deps,
  from: BackupRecord,
  to: BackupRecord,
  steps: DiffInput['steps'],
  options: DiffInput['options'],
): ReturnType<Deps['texts']['diffPage']> {
  const looks = from.id === to.id ? await takeTwice(deps, to) : await takeLooks(deps, to, from);
  const [target, base] = looks;
  const page = await deps.texts.diffPage(base.state, target.state, steps, options);
  for (const { keep } of new Set(looks)) keep();
  return page;
}

/** What is compared is handed over, and the same bytes cannot be twice. */
async function takeTwice(deps: Deps, record: BackupRecord): Promise<[Look, Look]> {
  return [await takeLook(deps, record), await takeLook(deps, record)];
}

const WHY: Record<NoDiff, (path: string) => string> = {
  nothing: (path) => `Nothing is at ${path} in either state.`,
  several: (path) => `${path} is what several rows of one state are called: name one by its number.`,
  'one-sided': (path) => `Nothing is at ${path} in one of the states: ask for a patch of what is around it.`,
};

function noDiff(why: NoDiff, path: string): ServiceError {
  return new ServiceError('path_not_found', 'The states have nothing at that path to compare.', {
    errors: [{ pointer: '/query/path', detail: WHY[why](path) }],
  });
}
