// `npm run quarantine -- <data folder> [list | put-back <blob id>... | put-back --all]`: what the search for orphans has set
// aside, and the way back. Ends with 0 if all was done, 2 if something could not be put back, 1 if nothing was done.

import { parseArgs } from 'node:util';
import { type AsideBlob, listQuarantine, type PutBack, putBack } from '../lib/embedded/blobs/put-back.ts';

const USAGE = 'Usage: npm run quarantine -- <data folder> [list | put-back <blob id>... | put-back --all]';
/** ECMA-262, 21.4.1.1: names of files say any number. */
const LAST_INSTANT_MS = 8.64e15;

const OUTCOMES: Record<PutBack, string> = {
  put_back: 'put back',
  not_aside: 'is not in quarantine',
  taken: 'stays in quarantine: the store has a blob of that id',
};

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean', default: false } },
  });
  const [dataDir, verb = 'list', ...blobIds] = positionals;
  const isAll = values.all;
  if (dataDir === undefined) throw new Error(USAGE);
  if (verb === 'list' && blobIds.length === 0 && !isAll) await list(dataDir);
  else if (verb === 'put-back' && isAll !== blobIds.length > 0) await back(dataDir, isAll ? 'all' : blobIds);
  else throw new Error(USAGE);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function list(dataDir: string): Promise<void> {
  let count = 0;
  for await (const blob of listQuarantine(dataDir)) {
    count++;
    say(lineOf(blob));
  }
  say(
    count === 0
      ? 'Nothing is in quarantine.'
      : `${counted(count)} in quarantine. What no backup names by its day is removed; put back with: npm run quarantine -- ${dataDir} put-back <blob id>`,
  );
}

async function back(dataDir: string, which: readonly string[] | 'all'): Promise<void> {
  let done = 0;
  let failed = 0;
  for await (const { blobId, outcome } of putBack(dataDir, which)) {
    say(`${plain(blobId)}  ${OUTCOMES[outcome]}`);
    if (outcome === 'put_back') done++;
    else failed++;
  }
  if (done + failed === 0) say('Nothing is in quarantine.');
  if (done > 0) {
    say(
      `${counted(done)} put back. What no backup names is set aside again by the next search for orphans, within a day: if backups are missing that these belong to, run npm run rebuild -- ${dataDir}`,
    );
  }
  if (failed > 0) process.exitCode = done > 0 ? 2 : 1;
}

function lineOf({ blobId, bytes, since, keptUntil, header }: AsideBlob): string {
  const what =
    header === undefined
      ? 'no readable header'
      : `${plain(header.backupId)} of ${plain(JSON.stringify(header.resourceId))}, number ${header.sequence}`;
  return `${blobId}  since ${day(since)}, kept until ${day(keptUntil)}  ${bytes} bytes  ${what}`;
}

function day(at: number): string {
  return new Date(Math.min(at, LAST_INSTANT_MS)).toISOString().slice(0, 10);
}

function counted(blobs: number): string {
  return `${blobs} blob${blobs === 1 ? '' : 's'}`;
}

/** A header is unproven, and what it says goes to a terminal: no control character of it does. */
function plain(text: string): string {
  return text.replace(/\p{C}/gu, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);
}
