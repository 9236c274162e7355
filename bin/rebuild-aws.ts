// `npm run rebuild:aws -- --bucket ... --table ... --key ...`: makes the table of the AWS home anew from blobs and trail.
// Ends with 0 if all that was found is whole, 2 if something is damaged, missing or uncertain, 1 if nothing was done.

import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createDynamoDbClient, createKmsClient, createS3Client } from '../lib/aws/calls/clients.ts';
import { rebuildTable } from '../lib/aws/rebuild/rebuild.ts';
import type { RebuildReport } from '../lib/aws/rebuild/report.ts';
import { LIMITS } from '../lib/core/records/limits.ts';
import type { Finding } from '../lib/service/recovery/findings.ts';

const USAGE = `Usage: npm run rebuild:aws -- --bucket <blobs> --table <table> --key <ARN of the key that wraps data keys>
  [--former-key <ARN>]...      keys of before
  [--former-bucket <name>]...  buckets that the objects lay in before they were copied into this one
  [--work <folder>]            what a run that is broken off goes on with (rebuild-work)
  [--audit-days <days>]        how long events stand in the table; 0: for ever (${LIMITS.auditDays})
  [--prove]                    read every byte of every blob
  [--replace <table>]          remove the records that are in the table; its name once more
  [--dry-run]                  read and tell, and write nothing
Region and credentials are those of AWS's tools (AWS_REGION, AWS_PROFILE).`;
const PROGRESS_EVERY_MS = 2000;
const NAMED_MAX = 20;
const [DONE, NOT_DONE, NOT_WHOLE] = [0, 1, 2];

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const sayAside = (line: string): boolean => process.stderr.write(`${line}\n`);

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const options = readOptions();
    const endpoint = process.env.AWS_ENDPOINT_URL;
    const where = endpoint === undefined ? {} : { endpoint };
    const clients = {
      s3: createS3Client(where),
      dynamoDb: createDynamoDbClient(where),
      kms: createKmsClient(where),
    };
    const { workFolder, isDryRun } = options;
    if (existsSync(`${workFolder}/progress.json`)) sayAside(`going on with what is in ${workFolder}`);
    const report = await rebuildTable(clients, { ...options, now: Date.now(), onProgress: createProgress() });
    for (const line of linesOf(report)) say(line);
    say(isDryRun ? 'Nothing was written (dry run).' : 'The table was made anew.');
    const found = `${workFolder}/findings`;
    if (readdirSync(found).length > 0) say(`All that is not whole or not certain stands in ${found}.`);
    return isWhole(report) ? DONE : NOT_WHOLE;
  } catch (error) {
    sayAside(`cannot rebuild: ${error instanceof Error ? error.message : String(error)}`);
    const { cause } = error as { cause?: unknown };
    if (cause instanceof Error) sayAside(`because: ${cause.name}: ${cause.message}`);
    return NOT_DONE;
  }
}

function readOptions() {
  const parsed = (() => {
    try {
      return parseArgs({
        options: {
          bucket: { type: 'string' },
          table: { type: 'string' },
          key: { type: 'string' },
          'former-key': { type: 'string', multiple: true, default: [] },
          'former-bucket': { type: 'string', multiple: true, default: [] },
          work: { type: 'string', default: 'rebuild-work' },
          'audit-days': { type: 'string', default: String(LIMITS.auditDays) },
          prove: { type: 'boolean', default: false },
          replace: { type: 'string' },
          'dry-run': { type: 'boolean', default: false },
        },
      });
    } catch (cause) {
      throw new Error(USAGE, { cause });
    }
  })();
  const { bucket, table, key, replace, work, ...more } = parsed.values;
  if (bucket === undefined || table === undefined || key === undefined) throw new Error(USAGE);
  if (replace !== undefined && replace !== table) {
    throw new Error(`--replace takes the name of the table whose records go, ${table}, once more`);
  }
  const auditDays = /^\d{1,5}$/.test(more['audit-days']) ? Number(more['audit-days']) : Number.NaN;
  if (Number.isNaN(auditDays)) throw new Error(USAGE);
  return {
    bucket,
    table,
    keyArn: key,
    formerKeyArns: more['former-key'],
    formerBuckets: more['former-bucket'],
    workFolder: resolve(work),
    auditDays,
    isDryRun: more['dry-run'],
    isProvingAll: more.prove,
    isReplacing: replace !== undefined,
  };
}

/** A line now and then, and one when something else begins. */
function createProgress() {
  const nouns = { trail: 'segments of the trail', blobs: 'blobs', parts: 'parts of the table' } as const;
  let saidAt = 0;
  return (doing: keyof typeof nouns, done: number, total?: number): void => {
    const now = performance.now();
    if (now - saidAt < PROGRESS_EVERY_MS && done !== total) return;
    saidAt = now;
    sayAside(`${nouns[doing]}: ${done}${total === undefined ? '' : ` of ${total}`}`);
  };
}

function isWhole({ findings, unreadable, trail }: RebuildReport): boolean {
  const { damaged, missing, uncertain, not_taken } = findings;
  const faults = [unreadable, trail.damaged, trail.missing].reduce((sum, { length }) => sum + length, 0);
  return damaged + missing + uncertain + not_taken + faults === 0;
}

function* linesOf(report: RebuildReport): Generator<string> {
  const { blobs, live, hidden, resources, policies, held, trail, unreadable, putBack } = report;
  yield `found: ${live} backups of ${resources} resources, ${hidden} deleted or expired ones, in ${blobs} blobs; ${policies} policies, ${held} held or locked.`;
  if (trail.segments === 0) {
    yield 'trail: none. Deletions, holds, locks and policies are not known, nor are requests that were under way.';
  } else {
    const end = trail.until === undefined ? '' : `, until ${new Date(trail.until).toISOString()}`;
    yield `trail: ${trail.segments} segments${end}. Not known: what was deleted, held, locked or set after its end, which is seconds, a minute at most, before the last commit.`;
  }
  if (trail.damaged.length > 0) {
    yield `damaged segments of the trail, of which nothing is known: ${named(trail.damaged.map(String))}.`;
  }
  if (trail.missing.length > 0) {
    yield `missing segments of the trail, of which nothing is known: ${named(trail.missing.map(String))}.`;
  }
  if (putBack > 0) yield `put back from quarantine: ${putBack} blobs.`;
  for (const { blobId, reason } of unreadable.slice(0, NAMED_MAX)) {
    yield `damaged: what lies in the place of blob ${blobId}. ${reason}`;
  }
  if (unreadable.length > NAMED_MAX) yield `... and ${unreadable.length - NAMED_MAX} more such places.`;
  for (const [kind, count] of Object.entries(report.findings)) {
    const shown = report.examples.filter((one) => one.kind === kind);
    for (const one of shown) yield lineOf(one);
    if (count > shown.length) yield `... and ${count - shown.length} more of that.`;
  }
  const calls = Object.entries(report.calls).map(([name, count]) => `${count} ${name}`);
  yield `calls: ${calls.join(', ')}; ${report.items} items, ${report.writeUnits} write units: ${report.dollars.toFixed(4)} dollars by list prices.`;
}

function lineOf(finding: Finding): string {
  switch (finding.kind) {
    case 'damaged':
      return `damaged: blob ${finding.blobId} of ${finding.backupId} (${finding.reason}) ${neededByLine(finding.neededBy)}`;
    case 'missing':
      return `missing: blob ${finding.blobId}. ${neededByLine(finding.neededBy)}`;
    case 'from_blobs_alone':
      return `known by its blob alone, so that nobody knows whether it was deleted, held or locked since: ${finding.backupId}.`;
    case 'uncertain': {
      const { resourceId, sequence, kept, others } = finding;
      const rivals = others.map(({ backupId, blobId }) => `${backupId} in blob ${blobId}`);
      return `uncertain: two states claim to be number ${sequence} of ${resourceId}, and nothing tells the true one. Taken: ${kept.backupId} in blob ${kept.blobId}. Not taken: ${named(rivals)}.`;
    }
    case 'not_taken': {
      const { backupId, sequence, resourceId, blobId, taken, wasCommitted } = finding;
      const by =
        taken === undefined ? 'what was removed since' : `${taken.backupId}, number ${taken.sequence}`;
      const why = wasCommitted ? 'It was acknowledged once' : 'It may never have been acknowledged';
      return `not taken: ${backupId}, number ${sequence} of ${resourceId}, in blob ${blobId}. ${why}; in its place stands ${by}.`;
    }
  }
}

function neededByLine(ids: readonly string[]): string {
  return ids.length === 0 ? 'No live backup is known to need it.' : `Needed by ${named(ids)}.`;
}

function named(ids: readonly string[]): string {
  const rest = ids.length - NAMED_MAX;
  return ids.slice(0, NAMED_MAX).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}
