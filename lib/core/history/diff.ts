// What two states differ by, at a path or in all: a page of entries in the shape of a served delta, each with its pointer and
// what its row is called; counts by table; or the same as a JSON Patch.

import { bufferOf } from '../bytes/buffer.ts';
import { compareTexts } from '../delta/compare/compare-texts.ts';
import {
  addAddition,
  addDeletion,
  createOps,
  NONE,
  type Ops,
  ROOT,
  reportWhole,
} from '../delta/compare/ops.ts';
import { type KeyPaths, keyPathsIn, keyPathsOf } from '../delta/compare/row-keys.ts';
import { pathsBytesMax } from '../delta/served/paths.ts';
import type { Kernel } from '../json/kernel/kernel.ts';
import type { ChangeCounts } from '../records/model.ts';
import type { RowIdentity } from '../records/settings.ts';
import { type EntryLists, writeEntries } from './diff-entries.ts';
import type { Mask } from './mask.ts';
import { writePatch } from './patch.ts';
import { findPlace, type Place } from './place.ts';
import { type TableCounts, tablesOf } from './tables.ts';
import type { TextIndex } from './text-index.ts';
import type { Ways } from './ways.ts';

/** Paths of all operations together: a patch has them whole, and has to be sorted by them. */
const PATCH_PATHS_BYTES_MAX = 64 * 1024 * 1024;

export interface DiffOptions {
  format: 'entries' | 'stat' | 'patch';
  /** Entries of a page, at most, and how many are passed over. */
  limit: number;
  after: number;
  /** Bytes of one value; a longer one is left out, and its length told. A patch has them whole. */
  valueBytesMax: number;
  mask?: Mask;
  /** How rows are told apart, if their owner has said. */
  identity?: RowIdentity;
}

export interface DiffPage {
  /** The steps of the path by names and numbers: in the first state, or in the second if nothing is there in the first. */
  steps: string[];
  counts: ChangeCounts;
  /** The containers in which something differs; not of a patch. */
  tables?: TableCounts;
  lists?: EntryLists;
  /** The operations of a JSON Patch, as JSON. */
  patch?: string;
  /** How many are to be passed over for the next page; absent on the last one. */
  next?: number;
}

/**
 * Why there is nothing to compare: nothing stands at the path in both, several rows of one are called like that, or, of a
 * patch, nothing stands there in one of them.
 */
export type NoDiff = 'nothing' | 'several' | 'one-sided';

/** What an earlier comparison of the same texts, at the same steps and by the same identity, has left. */
export interface KnownOfTexts {
  base?: TextIndex;
  target?: TextIndex;
  ops?: Ops;
}

/** What is compared: a value of each state, and where both stand. */
export interface Compared {
  base: Buffer;
  target: Buffer;
  /** How one gets about in them. */
  ways: { base: Ways; target: Ways };
  ops: Ops;
  steps: readonly string[];
  /** Those of them that are names of members, and which of the steps those are. */
  names: readonly string[];
  isName: readonly boolean[];
  /** What is said of the rows in it. */
  keys: KeyPaths | undefined;
}

/**
 * What turns what stands at `steps` in `base` into what stands there in `target`. Throws ServiceError `payload_too_large` for a patch with a value that no
 * page can carry. What is known of the texts already spares passes over them; what they differ by is known from then on, except for a patch.
 */
export function diffTexts(
  kernel: Kernel,
  base: Uint8Array,
  target: Uint8Array,
  steps: readonly string[],
  options: DiffOptions,
  known: KnownOfTexts = {},
): DiffPage | NoDiff {
  const ways = { base: waysIn(base, known.base), target: waysIn(target, known.target) };
  const from = findPlace(base, steps, ways.base);
  const to = findPlace(target, steps, ways.target);
  if (from === 'several' || to === 'several') return 'several';
  if (from === 'nothing' && to === 'nothing') return 'nothing';
  // What a patch adds has to have something around it, and its number there may be none yet.
  if (options.format === 'patch' && (from === 'nothing' || to === 'nothing')) return 'one-sided';
  const keys = keyPathsOf(options.identity);
  // A patch may have to change them.
  const compared = compare(kernel, ways, from, to, keys, options.format === 'patch' ? undefined : known.ops);
  const { ops } = compared;
  if (options.format !== 'patch') known.ops = ops;
  const page = { steps: [...compared.steps], counts: ops.counts };
  if (options.format === 'stat') return { ...page, tables: tablesOf(compared) };
  if (options.format === 'entries') {
    return { ...page, tables: tablesOf(compared), ...writeEntries(compared, options) };
  }
  if (pathsBytesMax(ops) > PATCH_PATHS_BYTES_MAX) {
    reportWhole(ops, compared.base.length, compared.target.length);
  }
  return { ...page, ...writePatch(compared, options) };
}

function compare(
  kernel: Kernel,
  ways: Compared['ways'],
  from: Place | 'nothing',
  to: Place | 'nothing',
  root: KeyPaths | undefined,
  known: Ops | undefined,
): Compared {
  const [base, target] = [partOf(ways.base, from), partOf(ways.target, to)];
  const [a, b] = [bufferOf(base.text), bufferOf(target.text)];
  const { steps, names, isName } = (from === 'nothing' ? to : from) as Place;
  const keys = steps.reduce((paths, step, i) => keyPathsIn(paths, isName[i] ? step : undefined), root);
  const texts = { base: a, target: b, ways: { base, target }, steps, names, isName, keys };
  if (known !== undefined) return { ...texts, ops: known };
  if (from !== 'nothing' && to !== 'nothing')
    return { ...texts, ops: compareTexts(kernel, a, b, undefined, keys) };
  const ops = createOps();
  if (from === 'nothing') addAddition(ops, ROOT, 0, b.length, NONE, 0);
  else addDeletion(ops, ROOT, 0, a.length);
  return { ...texts, ops };
}

function waysIn(text: Uint8Array, index: TextIndex | undefined): Ways {
  return index === undefined ? { text } : { text, index };
}

function partOf({ text, ...ways }: Ways, place: Place | 'nothing'): Ways {
  if (place === 'nothing') return { text: text.subarray(0, 0) };
  return { ...ways, text: text.subarray(place.start, place.end), from: place.start };
}
