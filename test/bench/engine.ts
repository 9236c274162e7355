// The differ in this process, in units of P: one JSON.parse of the same bytes in the same run.

import { gzipSync } from 'node:zlib';
import type { CanonicalText } from '../../lib/core/bytes/text.ts';
import { applyDelta } from '../../lib/core/delta/apply/apply.ts';
import { diff } from '../../lib/core/delta/compare/diff.ts';
import { encodeDelta } from '../../lib/core/delta/stored/encode.ts';
import { canonicalText, findTextFault } from '../../lib/core/json/body.ts';
import { KERNEL } from '../core/kernels.ts';
import { createConfigTree, treeText, withEditedLeaves } from './config-tree.ts';
import {
  changedRows,
  createDump,
  dumpText,
  withChanges,
  withHeadInsert,
  withInsertsAndDeletes,
  withMove,
  withShuffle,
} from './corpus.ts';
import { MB, mediansInTurn } from './measure.ts';
import type { Report } from './report.ts';

const ROUNDS = 5;
/** Everything changed or shuffled: until it is decided what they may cost. */
const UNDECIDED = 1;
/** For a state like the one before, but with nothing in it that is the same. */
const OTHER_SEED = 777;

export default async function measureEngine(report: Report): Promise<void> {
  report.section('The differ');
  report.text('P is one JSON.parse of the same bytes. A diff includes the index of its base.');
  const dump = createDump(100 * MB);
  const before = stateOf(dumpText(dump));
  const onePercent = withChanges(dump, 0.01);
  const rows = [
    await measureEdit(report, '1 % of rows changed', 0.25, before, dumpText(onePercent)),
    await measureEdit(report, 'one row inserted at the head', 0.25, before, dumpText(withHeadInsert(dump))),
    await measureEdit(report, '100 inserts and deletes', 0.25, before, dumpText(withInsertsAndDeletes(dump))),
    await measureEdit(report, 'a hundredth of a table moved', 0.25, before, dumpText(withMove(dump))),
    await measureEdit(
      report,
      'all rows are others',
      UNDECIDED,
      before,
      dumpText(createDump(100 * MB, OTHER_SEED)),
    ),
    await measureEdit(
      report,
      'every row changed in a value',
      UNDECIDED,
      before,
      dumpText(withChanges(dump, 1)),
    ),
    await measureEdit(report, 'a table shuffled', UNDECIDED, before, dumpText(withShuffle(dump))),
  ];
  const tree = createConfigTree(10 * MB);
  const treeBefore = stateOf(treeText(tree));
  const edited = treeText(withEditedLeaves(tree, 0.01));
  const other = treeText(createConfigTree(10 * MB, OTHER_SEED));
  rows.push(
    await measureEdit(report, '1 % of the leaves of a config tree edited', 0.5, treeBefore, edited),
    await measureEdit(report, 'a config tree is another', UNDECIDED, treeBefore, other),
  );
  report.table(['', 'MB', 'P ms', 'scan', 'diff', 'apply', 'delta gzipped'], rows);
  const deltaBytes = Number(rows[0]!.at(-1)!.split(' ')[0]);
  const rowBytes = gzipSync(changedRows(dump, onePercent)).length;
  report.target(
    'stored delta, 1 % of rows changed, gzip',
    { most: 0.08, unit: 'x gzip of the changed rows' },
    deltaBytes / rowBytes,
  );
}

interface State {
  text: string;
  base: CanonicalText;
}

const stateOf = (bytes: Buffer): State => ({ text: bytes.toString(), base: canonicalText(bytes, KERNEL) });

async function measureEdit(
  report: Report,
  name: string,
  most: number,
  { text, base }: State,
  after: Buffer,
): Promise<string[]> {
  const target = canonicalText(after, KERNEL);
  const difference = diff(KERNEL, base, target);
  const delta = difference === undefined ? undefined : Buffer.concat(encodeDelta(difference));
  const ms = await mediansInTurn(ROUNDS, {
    parse: () => JSON.parse(text),
    scan: () => findTextFault(KERNEL, base.bytes),
    diff: () => diff(KERNEL, base, target),
    apply: () => (delta === undefined ? undefined : applyDelta(base.bytes, delta)),
  });
  if (delta !== undefined && !Buffer.concat(applyDelta(base.bytes, delta)).equals(target.bytes)) {
    throw new Error(`${name}: the delta does not give the target`);
  }
  const megabytes = (base.bytes.length / MB).toFixed(0);
  report.target(`diff of ${megabytes} MB, ${name}`, { most, unit: 'P' }, ms.diff / ms.parse);
  const inP = (value: number): string => `${(value / ms.parse).toFixed(2)} P`;
  return [
    name,
    megabytes,
    ms.parse.toFixed(0),
    inP(ms.scan),
    inP(ms.diff),
    delta === undefined ? 'stored whole' : inP(ms.apply),
    delta === undefined ? '-' : `${gzipSync(delta).length} B`,
  ];
}
