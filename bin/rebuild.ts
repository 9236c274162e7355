// `npm run rebuild -- <data folder> [--dry-run]`: makes the catalog anew from the blobs and the trail.
// Ends with 0 if all that was found is whole, 2 if something is damaged, missing or uncertain, 1 if nothing was done.

import { parseArgs } from 'node:util';
import { type RebuildReport, rebuild } from '../lib/embedded/rebuild.ts';

const PROGRESS_EVERY = 1000;
const NAMED_MAX = 20;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean', default: false } },
  });
  const [dataDir, ...more] = positionals;
  if (dataDir === undefined || more.length > 0) {
    throw new Error('Usage: npm run rebuild -- <data folder> [--dry-run]');
  }
  const isDryRun = values['dry-run'];
  const report = await rebuild(dataDir, {
    isDryRun,
    onProgress(done, total) {
      if (done % PROGRESS_EVERY === 0 || done === total) {
        process.stderr.write(`looked at ${done} of ${total} blobs\n`);
      }
    },
  });
  for (const line of linesOf(report)) say(line);
  say(
    isDryRun
      ? 'Nothing was changed (dry run).'
      : 'The catalog was rebuilt. The old one is kept as catalog.lost-*.',
  );
  if (report.damaged.length + report.missing.length + report.uncertain.length > 0) process.exitCode = 2;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function* linesOf(report: RebuildReport): Generator<string> {
  const { blobs, live, hidden, resources, policies, held, trail } = report;
  yield `found: ${live} backups of ${resources} resources, ${hidden} deleted or expired ones, in ${blobs} blobs; ${policies} policies, ${held} held or locked.`;
  yield trail.segments === 0
    ? 'trail: none. Deletions, holds, locks and policies are not known, nor are requests that were under way.'
    : `trail: ${trail.segments} segments${trail.until === undefined ? '' : `, until ${new Date(trail.until).toISOString()}`}. What was deleted, held or set in the minute after that is not known.`;
  if (trail.damaged.length > 0) yield `damaged segments of the trail: ${trail.damaged.join(', ')}.`;
  if (report.putBack.length > 0) yield `put back from quarantine: ${named(report.putBack)}.`;
  if (report.fromBlobsAlone.length > 0) {
    yield `known by their blobs alone: ${named(report.fromBlobsAlone)}.`;
  }
  for (const { blobId, backupId, reason, neededBy } of report.damaged) {
    yield `damaged: blob ${blobId} of ${backupId} (${reason}) Needed by ${neededBy.length === 0 ? 'no live backup' : named(neededBy)}.`;
  }
  for (const { blobId, neededBy } of report.missing)
    yield `missing: blob ${blobId}, needed by ${named(neededBy)}.`;
  if (report.uncertain.length > 0)
    yield `two of one sequence, and nothing tells the true one: ${named(report.uncertain)}.`;
}

function named(ids: readonly string[]): string {
  const rest = ids.length - NAMED_MAX;
  return ids.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
