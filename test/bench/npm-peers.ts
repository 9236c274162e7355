// The diff of two 10 MB texts beside what npm offers. These take objects, so the two JSON.parse that a service pays for them
// are counted.

import fastJsonPatch from 'fast-json-patch';
import { create } from 'jsondiffpatch';
import { diff } from '../../lib/core/delta/compare/diff.ts';
import { canonicalText } from '../../lib/core/json/body.ts';
import { KERNEL } from '../core/kernels.ts';
import { createDump, dumpText, withChanges, withHeadInsert } from './corpus.ts';
import { MB, mediansInTurn } from './measure.ts';
import type { Report } from './report.ts';

const ROUNDS = 3;

export default async function measureNpmPeers(report: Report): Promise<void> {
  report.section('Beside npm packages');
  report.text(
    'Both texts parsed and diffed, 10 MB each, milliseconds. Ours does not parse: it scans and hashes the new text, as its validation does, and diffs. jsondiffpatch is told that rows have ids.',
  );
  const dump = createDump(10 * MB);
  const byId = create({ objectHash: (row) => (row as { id?: string }).id });
  const rows: string[][] = [];
  for (const [name, after] of [
    ['1 % of rows changed', withChanges(dump, 0.01)],
    ['one row inserted at the head', withHeadInsert(dump)],
  ] as const) {
    const [base, target] = [canonicalText(dumpText(dump)), dumpText(after)];
    const [old, next] = [Buffer.from(base.bytes).toString(), target.toString()];
    const ms = await mediansInTurn(ROUNDS, {
      ours: () => diff(KERNEL, base, canonicalText(target, KERNEL)),
      fastJsonPatch: () => fastJsonPatch.compare(JSON.parse(old), JSON.parse(next)),
      jsondiffpatch: () => byId.diff(JSON.parse(old), JSON.parse(next)),
    });
    rows.push([name, ...[ms.ours, ms.fastJsonPatch, ms.jsondiffpatch].map((value) => value.toFixed(0))]);
  }
  report.table(['', 'ours', 'fast-json-patch', 'jsondiffpatch'], rows);
}
