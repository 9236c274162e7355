// Which audit events go to a bus, as an operator says it in words: `all`, `none`, actions, and what is left out. Pure.

import { closest } from './closest.ts';
import { AUDIT_ACTIONS } from './records/audit-actions.ts';

/** For every action, also one that a later version has written. */
export type BusChoice = (action: string) => boolean;

/**
 * What the words choose: `all`; `none`; actions (`backup.failed`) or what they begin with (`backup.*`); with a `-` before it what of
 * the others is left out (`all`, `-backup.created`). Throws RangeError with a sentence for words that name nothing, or say nothing.
 */
export function busChoice(words: readonly string[]): BusChoice {
  const left = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  const named = words.filter((word) => !word.startsWith('-'));
  const [alone] = named;
  if (words.length === 0) throw new RangeError('nothing is said');
  if (alone === undefined)
    throw new RangeError('what is left out has to be left out of something: all,-backup.created');
  if (named.includes('none')) {
    if (words.length > 1) throw new RangeError('none stands alone');
    return () => false;
  }
  if (named.includes('all') && named.length > 1) throw new RangeError('all has everything else in it');
  const out = new Set(left.flatMap(actionsOf));
  if (alone === 'all') return (action) => !out.has(action);
  const chosen = new Set(named.flatMap(actionsOf));
  for (const action of out) {
    if (!chosen.delete(action)) throw new RangeError(`-${action} leaves out what is not in it`);
  }
  if (chosen.size === 0) throw new RangeError('everything is left out: that is none');
  return (action) => chosen.has(action);
}

/** The actions that there are of a word. */
function actionsOf(word: string): string[] {
  const start = word.endsWith('.*') ? word.slice(0, -1) : undefined;
  const found = AUDIT_ACTIONS.filter((action) =>
    start === undefined ? action === word : action.startsWith(start),
  );
  if (found.length > 0) return [...found];
  const meant = closest(word, AUDIT_ACTIONS);
  throw new RangeError(
    `there is no action ${JSON.stringify(word)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
  );
}
