// `npm run rebuild -- <data folder> [--dry-run]`: makes the catalog anew from the blobs and the trail.
// Ends with 0 if all that was found is whole, 2 if something is damaged, missing or uncertain, 1 if nothing was done.

import { parseArgs } from 'node:util';
import { type RebuildReport, rebuild } from '../lib/embedded/rebuild/rebuild.ts';
import { startFailure } from '../lib/embedded/start/start-failure.ts';
import type { NotTaken } from '../lib/service/recovery/not-taken.ts';

const USAGE = 'Usage: npm run rebuild -- <data folder> [--dry-run]';
const PROGRESS_EVERY = 1000;
const NAMED_MAX = 20;
const [DONE, NOT_DONE, NOT_WHOLE] = [0, 1, 2];

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const sayAside = (line: string): boolean => process.stderr.write(`${line}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  let dataDir = '';
  try {
    const options = readOptions();
    dataDir = options.dataDir;
    const { isDryRun } = options;
    const report = await rebuild(dataDir, { isDryRun, onProgress });
    for (const line of linesOf(report)) say(line);
    say(
      isDryRun
        ? 'Nothing was changed (dry run).'
        : 'The catalog was rebuilt. What was in its place is kept beside it, as catalog.lost-*.',
    );
    return isWhole(report) ? DONE : NOT_WHOLE;
  } catch (error) {
    sayAside(`cannot rebuild: ${startFailure(error, { dataDir, host: '', port: 0 })}`);
    return NOT_DONE;
  }
}

function readOptions(): { dataDir: string; isDryRun: boolean } {
  let parsed: { values: { 'dry-run': boolean }; positionals: string[] };
  try {
    parsed = parseArgs({
      allowPositionals: true,
      options: { 'dry-run': { type: 'boolean', default: false } },
    });
  } catch (cause) {
    throw new Error(USAGE, { cause });
  }
  const { values, positionals } = parsed;
  const [dataDir = '', ...more] = positionals;
  if (dataDir === '' || more.length > 0) throw new Error(USAGE);
  return { dataDir, isDryRun: values['dry-run'] };
}

function onProgress(done: number, total: number): void {
  if (done % PROGRESS_EVERY === 0 || done === total) sayAside(`looked at ${done} of ${total} blobs`);
}

function isWhole({ damaged, unreadable, missing, uncertain, notTaken, trail }: RebuildReport): boolean {
  const lost = notTaken.filter(({ wasCommitted }) => wasCommitted);
  const faults = [damaged, unreadable, missing, uncertain, lost, trail.damaged, trail.missing];
  return faults.every(({ length }) => length === 0);
}

function* linesOf(report: RebuildReport): Generator<string> {
  const { blobs, live, hidden, resources, policies, held } = report;
  yield `found: ${live} backups of ${resources} resources, ${hidden} deleted or expired ones, in ${blobs} blobs; ${policies} policies, ${held} held or locked.`;
  yield* trailLines(report.trail);
  if (report.putBack.length > 0) yield `put back from quarantine: ${named(report.putBack)}.`;
  for (const { blobId, backupId, at } of report.misplaced) {
    const where = at === undefined ? 'out of its place' : `in the place of blob ${at}`;
    yield `misplaced: blob ${blobId} of ${backupId} lay ${where}; it belongs into its own.`;
  }
  if (report.replaced.length > 0) {
    yield `whole ones take the place of damaged ones, which are kept as quarantine/<blob id>.<time>.damaged: ${named(report.replaced)}.`;
  }
  if (report.fromBlobsAlone.length > 0) {
    yield `known by their blobs alone, so that nobody knows whether they were deleted, held or locked since: ${named(report.fromBlobsAlone)}.`;
  }
  for (const { blobId, backupId, reason, neededBy } of report.damaged) {
    yield `damaged: blob ${blobId} of ${backupId} (${reason}) ${neededByLine(neededBy)}`;
  }
  for (const { blobId, reason, neededBy } of report.unreadable) {
    yield `damaged: what lies in the place of blob ${blobId}. ${reason} ${neededByLine(neededBy)}`;
  }
  for (const { blobId, neededBy } of report.missing)
    yield `missing: blob ${blobId}. ${neededByLine(neededBy)}`;
  for (const { resourceId, sequence, kept, others } of report.uncertain) {
    const rivals = others.map(({ backupId, blobId }) => `${backupId} in blob ${blobId}`);
    yield `uncertain: two states claim to be number ${sequence} of ${resourceId}, or to be ${kept.backupId}, and nothing tells the true one. Taken: ${kept.backupId} in blob ${kept.blobId}. Not taken: ${named(rivals)}.`;
  }
  for (const one of report.notTaken) yield notTakenLine(one);
  if (report.uncertain.length + report.notTaken.length > 0) {
    yield `What was not taken is kept: python3 docs/restore.py <data folder> <blob id> gives its state. After the grace period it goes into the quarantine (npm run quarantine), and stays there for 30 days.`;
  }
}

function notTakenLine({ backupId, blobId, resourceId, sequence, createdAt, ...rest }: NotTaken): string {
  const { taken, isWhole, wasCommitted } = rest;
  const which = `${backupId}, number ${sequence} of ${resourceId} of ${new Date(createdAt).toISOString()}`;
  const by = taken === undefined ? 'what was removed since' : `${taken.backupId}, number ${taken.sequence}`;
  const why = wasCommitted
    ? 'It was acknowledged by a catalog that has been put back to an earlier day since'
    : 'It may never have been acknowledged';
  return `not taken: ${which}, in blob ${blobId}${isWhole ? '' : ', which is missing or damaged'}. ${why}; in its place stands ${by}.`;
}

function* trailLines({ segments, damaged, missing, until, fromCatalog }: RebuildReport['trail']) {
  if (segments === 0) {
    yield 'trail: none. Deletions, holds, locks and policies are not known, nor are requests that were under way.';
  } else {
    const end = until === undefined ? '' : `, until ${new Date(until).toISOString()}`;
    yield `trail: ${segments} segments${end}.`;
  }
  if (fromCatalog === undefined) {
    yield 'not known: what was deleted, held, locked or set after the end of the trail, which is a minute at most before the last commit.';
  } else yield `from the old catalog: ${fromCatalog} commits that the trail did not have yet.`;
  if (damaged.length > 0) {
    yield `damaged segments of the trail, of which nothing is known: ${named(damaged.map(String))}.`;
  }
  if (missing.length > 0) {
    yield `missing segments of the trail, of which nothing is known: ${named(missing.map(String))}.`;
  }
}

function neededByLine(ids: readonly string[]): string {
  return ids.length === 0 ? 'No live backup is known to need it.' : `Needed by ${named(ids)}.`;
}

function named(ids: readonly string[]): string {
  const rest = ids.length - NAMED_MAX;
  return ids.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
