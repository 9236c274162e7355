// One random history of a data folder: work, accidents, what an operator would do about them, and the account at the end.

import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rebuild } from '../../../lib/embedded/rebuild.ts';
import type { Random } from '../../e2e/random.ts';
import { ACCIDENTS } from './folder.ts';
import { type Acknowledged, type Fate, Ledger } from './ledger.ts';
import { type Clocks, crashImage, newRoot, type Opened, openStore } from './store.ts';

const DAY_MS = 86_400_000;
const BEGINNING = Date.UTC(2027, 0, 1);
const STEPS = 14;

export interface Account {
  fates: Record<Fate, number>;
  /** What happened, in order: enough to understand a bad end. */
  story: string[];
  /** Each acknowledged backup that came to a bad end. */
  bad: { id: string; fate: Fate; answer: string }[];
}

class Sequence {
  readonly ledger = new Ledger();
  readonly story: string[] = [];
  /** All that was ever said to an operator: log lines, refusals, reports. */
  readonly said: string[] = [];
  readonly clocks: Clocks = { wall: BEGINNING, monotonic: 0 };
  private folder: string;
  private store: Opened | undefined;
  private earlier: string | undefined;
  private revision = 0;

  private readonly random: Random;
  private readonly root: string;
  private readonly foreign: string;

  constructor(random: Random, root: string, foreign: string) {
    this.random = random;
    this.root = root;
    this.foreign = foreign;
    this.folder = mkdtempSync(join(root, 'data-'));
  }

  async run(): Promise<Account> {
    await this.open();
    for (let n = 0; n < 3; n++) await this.backUp();
    for (let n = 0; n < STEPS; n++) await this.step();
    return this.account();
  }

  private async step(): Promise<void> {
    const roll = this.random.int(20);
    if (roll < 8) return this.backUp();
    if (roll < 9) return this.delete();
    if (roll < 11) return this.pass();
    if (roll < 12) return this.jump();
    if (roll < 13) return this.sweep();
    if (roll < 14) return this.kill();
    if (roll < 15) return this.remember();
    if (roll < 16) return this.openStore((store) => store.findOrphans(), 'orphans');
    return this.accident();
  }

  private async backUp(): Promise<void> {
    this.revision += 1;
    const resourceId = this.random.pick(['a', 'b']);
    const type = this.random.pick(['full', 'incremental', 'incremental', 'differential']);
    const state = JSON.stringify({ of: resourceId, revision: this.revision, rows: rowsOf(this.random) });
    const retentionDays = this.random.pick([1, 10, 30]);
    const body = `{"resourceId":"${resourceId}","type":"${type}","metadata":{"retentionDays":${retentionDays}},"data":${state}}`;
    await this.openStore(async (store) => {
      const { status, text } = await store.call('POST', '/backups', body);
      this.story.push(`backup of ${resourceId} (${type}): ${status}`);
      // Whatever was not acknowledged is owed to nobody.
      if (status !== 201) return void this.said.push(text);
      const { id } = JSON.parse(text) as { id: string };
      const expiresAtReal = this.ledger.realNow + retentionDays * DAY_MS;
      this.ledger.acknowledge({ id, resourceId, state, createdAt: this.clocks.wall, expiresAtReal });
    });
  }

  private async delete(): Promise<void> {
    const live = this.ledger.live();
    if (live.length === 0) return;
    const backup = this.random.pick(live);
    await this.openStore(async (store) => {
      const { status } = await store.call('DELETE', `/backups/${backup.id}`);
      this.story.push(`delete ${backup.id}: ${status}`);
      if (status < 300) backup.deletedAtReal = this.ledger.realNow;
    });
  }

  /** Time passes, for the clock and in truth. */
  private pass(): void {
    const ms = this.random.pick([1000, 3_600_000, DAY_MS, 9 * DAY_MS]);
    this.story.push(`${ms} ms pass`);
    this.clocks.wall += ms;
    this.clocks.monotonic += ms;
    this.ledger.realNow += ms;
  }

  /** The clock is wrong for a while, sweeps run, and somebody sets it right. */
  private async jump(): Promise<void> {
    const ms = this.random.pick([-400, -1, 1, 40, 4000]) * DAY_MS;
    this.story.push(`clock moved by ${ms / DAY_MS} days, swept, moved back`);
    this.clocks.wall += ms;
    await this.sweep();
    if (this.random.chance(0.5)) await this.kill();
    await this.backUp();
    await this.sweep();
    this.clocks.wall -= ms;
  }

  private sweep(): Promise<void> {
    return this.openStore((store) => store.sweep(), 'sweep');
  }

  private async kill(): Promise<void> {
    if (this.store === undefined) return;
    const image = crashImage(this.folder, this.root);
    await this.close();
    this.folder = image;
    this.story.push('killed');
    await this.open();
  }

  private async remember(): Promise<void> {
    await this.close();
    this.earlier = crashImage(this.folder, this.root);
    this.story.push('folder copied');
    await this.open();
  }

  private async accident(): Promise<void> {
    const name = this.random.pick(Object.keys(ACCIDENTS));
    const isKilled = this.random.chance(0.5) && this.store !== undefined;
    const image = isKilled ? crashImage(this.folder, this.root) : undefined;
    await this.close();
    this.folder = image ?? this.folder;
    const saved = { foreign: this.foreign, ...(this.earlier === undefined ? {} : { earlier: this.earlier }) };
    const happened = ACCIDENTS[name]!(this.folder, this.random, saved);
    this.story.push(`${name}${isKilled ? ', after a kill' : ''}${happened ? '' : ' (to nothing)'}`);
    await this.open();
  }

  /** Opens; where that is refused, does what the refusal says: a rebuild. */
  private async open(): Promise<void> {
    try {
      this.store = await openStore(this.folder, this.clocks);
      return;
    } catch (error) {
      this.story.push(`refused: ${(error as Error).message.slice(0, 160)}`);
      this.said.push((error as Error).message);
    }
    const report = await rebuild(this.folder, { isDryRun: false });
    this.said.push(JSON.stringify(report));
    this.story.push(`rebuilt: ${report.live} live`);
    this.store = await openStore(this.folder, this.clocks);
  }

  private async close(): Promise<void> {
    if (this.store === undefined) return;
    this.said.push(...this.store.lines);
    const closing = this.store;
    this.store = undefined;
    await closing.close();
  }

  private async openStore(use: (store: Opened) => Promise<void>, name?: string): Promise<void> {
    if (name !== undefined) this.story.push(name);
    if (this.store === undefined) await this.open();
    await use(this.store!);
  }

  /** What became of each backup that was ever acknowledged, after all is mended that an operator can mend. */
  private async account(): Promise<Account> {
    const account: Account = {
      fates: { restorable: 0, 'gone as asked': 0, 'named as lost': 0, 'silently lost': 0, wrong: 0 },
      story: this.story,
      bad: [],
    };
    const answers: { backup: Acknowledged; status: number; text: string }[] = [];
    await this.openStore(async (store) => {
      for (const backup of this.ledger.backups) {
        const target = JSON.stringify({ backupId: backup.id, targetResourceId: 'elsewhere' });
        answers.push({ backup, ...(await store.call('POST', '/restore', target)) });
      }
      this.said.push((await store.call('GET', '/health')).text);
    });
    await this.close();
    for (const { backup, status, text } of answers) {
      const fate = this.fateOf(backup, status, text);
      account.fates[fate] += 1;
      if (fate === 'wrong' || fate === 'silently lost')
        account.bad.push({ id: backup.id, fate, answer: text });
    }
    return account;
  }

  private fateOf(backup: Acknowledged, status: number, text: string): Fate {
    if (status === 200) return text.includes(backup.state) ? 'restorable' : 'wrong';
    if (this.ledger.mayBeGone(backup)) return 'gone as asked';
    // Another error than 404 names what it was asked for; of what is not found somebody must have been told.
    const isNamed = status !== 404 || this.said.some((line) => namesBackup(line, backup.id));
    return isNamed ? 'named as lost' : 'silently lost';
  }
}

function namesBackup(line: string, id: string): boolean {
  const at = line.indexOf(id);
  return at >= 0 && !/[0-9]/.test(line[at + id.length] ?? '') && !line.includes('"msg":"request"');
}

function rowsOf(random: Random): unknown[] {
  return Array.from({ length: 5 + random.int(40) }, (_, id) => ({
    id,
    name: `row ${id}`,
    at: random.int(3),
  }));
}

/** The folder of another store, with a backup of its own. */
async function foreignStore(root: string): Promise<string> {
  const folder = mkdtempSync(join(root, 'foreign-'));
  const store = await openStore(folder, { wall: BEGINNING, monotonic: 0 });
  await store.call('POST', '/backups', '{"resourceId":"a","type":"full","data":"of another store"}');
  await store.close();
  return folder;
}

/** Runs one sequence in a folder of its own, which is kept at `keepAt` if it ends badly. */
export async function runSequence(random: Random, keepAt?: string): Promise<Account> {
  const { root, remove } = newRoot();
  try {
    const account = await new Sequence(random, root, await foreignStore(root)).run();
    if (account.bad.length > 0 && keepAt !== undefined) cpSync(root, keepAt, { recursive: true });
    return account;
  } finally {
    remove();
    rmSync(root, { recursive: true, force: true });
  }
}
