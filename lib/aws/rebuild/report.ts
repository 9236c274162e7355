// What a rebuild of a table has come to.

import type { Finding } from '../../service/recovery/findings.ts';
import { dollarsOf } from './calls.ts';
import type { PartSummary, Progress, WorkFolder } from './work-folder.ts';

export interface RebuildReport extends Omit<PartSummary, 'putBack' | 'items'> {
  blobs: number;
  putBack: number;
  items: number;
  trail: Omit<Progress['trail'], 'isRead' | 'sha256'>;
  unreadable: Progress['unreadable'];
  /** How many there are of each kind; they are told one by one in the work folder, `findings/`. */
  findings: Record<Finding['kind'], number>;
  /** Some of each kind. */
  examples: Finding[];
  calls: Record<string, number>;
  writeUnits: number;
  /** By list prices. */
  dollars: number;
}

const EXAMPLES_MAX = 20;

/** From what the work folder has. */
export async function reportOf(folder: WorkFolder): Promise<RebuildReport> {
  const { progress } = folder;
  const sum = (of: (summary: PartSummary) => number): number =>
    Object.values(progress.done).reduce((total, summary) => total + of(summary), 0);
  const findings: RebuildReport['findings'] = {
    damaged: 0,
    missing: 0,
    from_blobs_alone: 0,
    uncertain: 0,
    not_taken: 0,
  };
  const examples: Finding[] = [];
  for await (const finding of folder.findings()) {
    if (++findings[finding.kind] <= EXAMPLES_MAX) examples.push(finding);
  }
  const { isRead: _isRead, sha256: _sha256, ...trail } = progress.trail;
  return {
    resources: sum(({ resources }) => resources),
    live: sum(({ live }) => live),
    hidden: sum(({ hidden }) => hidden),
    policies: sum(({ policies }) => policies),
    held: sum(({ held }) => held),
    putBack: sum((one) => one.putBack),
    items: sum(({ items }) => items),
    blobs: progress.blobs.looked,
    trail,
    unreadable: progress.unreadable,
    findings,
    examples,
    calls: progress.counts.calls,
    writeUnits: progress.counts.writeUnits,
    dollars: dollarsOf(progress.counts),
  };
}
