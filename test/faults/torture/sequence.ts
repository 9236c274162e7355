// One random history of a data folder: work, accidents, what an operator would do about them, and the account at the end.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuild } from '../../../lib/embedded/rebuild/rebuild.ts';
import type { Random as Chance } from '../../../lib/ports/random.ts';
import { createRandom, type Random } from '../../e2e/random.ts';
import type { Disk } from './disk.ts';
import { ACCIDENTS } from './folder.ts';
import { type Acknowledged, FATES, type Fate, Ledger } from './ledger.ts';
import { lostBy, saysDamaged, unnamedAtStart } from './losses.ts';
import { type Clocks, crashImage, newRoot, type Opened, openStore, type Reply } from './store.ts';

const DAY_MS = 86_400_000;
const BEGINNING = Date.UTC(2027, 0, 1);
const STEPS = 14;

export interface Account {
  fates: Record<Fate, number>;
  /** What happened, in order: enough to understand a bad end. */
  story: string[];
  /** Each acknowledged backup that came to a bad end. */
  bad: { id: string; fate: Fate; answer: string }[];
  /** How often the disk was filled. */
  filled: number;
}

/** What a home does by itself at its start and within the minute. */
const BY_ITSELF = ['room', 'late', 'catalog', 'clock', 'jobs', 'relay', 'abandoned'] as const;

/** What the seed decides: what happens, and what the service draws. */
interface Drawn {
  random: Random;
  chance: Chance;
}

function drawnFrom(seed: number): Drawn {
  const drawn = createRandom(seed ^ 0x5eed);
  const bytes = (count: number) => Uint8Array.from({ length: count }, () => drawn.int(256));
  return { random: createRandom(seed), chance: { bytes } };
}

class Sequence {
  readonly ledger = new Ledger();
  readonly story: string[] = [];
  /** What a rebuild has called lost. */
  readonly lost = new Set<string>();
  private readonly withheld: Account['bad'] = [];
  private filled = 0;
  readonly clocks: Clocks = { wall: BEGINNING, monotonic: 0 };
  private folder: string;
  private store: Opened | undefined;
  private earlier: string | undefined;
  private revision = 0;

  private readonly random: Random;
  private readonly chance: Chance;
  private readonly root: string;
  private readonly foreign: string;
  private readonly disk: Disk | undefined;

  constructor({ random, chance }: Drawn, root: string, foreign: string, disk: Disk | undefined) {
    this.random = random;
    this.chance = chance;
    this.root = root;
    this.disk = disk;
    this.foreign = foreign;
    this.folder = mkdtempSync(join(root, 'data-'));
  }

  async run(): Promise<Account> {
    await this.open();
    for (let n = 0; n < 3; n++) await this.backUp();
    for (let n = 0; n < STEPS; n++) {
      await this.step();
      await this.upkeep();
    }
    return this.account();
  }

  private async step(): Promise<void> {
    const roll = this.random.int(22);
    if (roll < 8) return this.backUp();
    if (roll < 9) return this.delete();
    if (roll < 11) return this.pass();
    if (roll < 12) return this.jump();
    if (roll < 13) return this.sweep();
    if (roll < 14) return this.kill();
    if (roll < 15) return this.remember();
    if (roll < 16) return this.openStore((store) => store.run('orphans'), 'orphans');
    if (roll < 17) return this.openStore((store) => store.run('scrub'), 'scrub');
    if (roll < 18) return this.fillDisk();
    return this.accident();
  }

  /** What has been committed comes into the trail within a minute: some of it has, whatever happens next. */
  private async upkeep(): Promise<void> {
    await this.store?.run(...BY_ITSELF, ...(this.random.chance(0.5) ? (['trail'] as const) : []));
  }

  /** Not a byte is free for a while: what there is is given back all the same. */
  private async fillDisk(): Promise<void> {
    // Chance is asked for it in any case, so that a seed means the same without such a disk.
    const steps = Array.from({ length: 3 }, () => this.random.int(4));
    const live = this.ledger.live();
    const asked = live.length > 0 ? this.random.pick(live) : undefined;
    if (this.disk === undefined) return;
    await this.openStore(async (store) => {
      const before = asked && (await restore(store, asked.id));
      this.disk!.fill();
      this.filled += 1;
      this.story.push('disk filled');
      if (before?.status !== 200) return;
      const { status, text } = await restore(store, asked!.id);
      if (status !== 200) this.withheld.push({ id: asked!.id, fate: 'withheld', answer: text });
    });
    for (const step of steps) {
      if (step === 0) await this.backUp();
      else if (step === 1) await this.delete();
      else if (step === 2) await this.openStore((store) => store.run('sweep', 'trail'), 'sweep');
      else await this.killOnFullDisk();
    }
    this.disk.unfill();
    this.story.push('room again');
  }

  /** The image is made where there is room. */
  private async killOnFullDisk(): Promise<void> {
    this.disk!.unfill();
    await this.kill();
    this.disk!.fill();
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
      if (status !== 201) return;
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
    return this.openStore((store) => store.run('sweep'), 'sweep');
  }

  private async kill(): Promise<void> {
    if (this.store === undefined) return;
    await this.leave(crashImage(this.folder, this.root));
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
    if (isKilled) await this.leave(crashImage(this.folder, this.root));
    else await this.close();
    const saved = { foreign: this.foreign, ...(this.earlier === undefined ? {} : { earlier: this.earlier }) };
    const happened = ACCIDENTS[name]!(this.folder, this.random, saved);
    this.story.push(`${name}${isKilled ? ', after a kill' : ''}${happened ? '' : ' (to nothing)'}`);
    await this.open();
  }

  /** Goes on with the image of the folder. */
  private async leave(image: string): Promise<void> {
    await this.close();
    rmSync(this.folder, { recursive: true });
    this.folder = image;
  }

  /** Opens; where that is refused, does what the refusal says: a rebuild. */
  private async open(): Promise<void> {
    try {
      this.store = await openStore(this.folder, this.clocks, { ...DRIVEN, random: this.chance });
    } catch (error) {
      this.story.push(`refused: ${(error as Error).message.slice(0, 160)}`);
      await this.rebuild();
      this.store = await openStore(this.folder, this.clocks, { ...DRIVEN, random: this.chance });
    }
    for (const id of unnamedAtStart(this.store.lines)) this.lost.add(id);
    await this.store.run(...BY_ITSELF, 'trail');
  }

  private async rebuild(): Promise<void> {
    const report = await rebuild(this.folder, { isDryRun: false, random: this.chance });
    for (const id of lostBy(report)) this.lost.add(id);
    this.story.push(`rebuilt: ${report.live} live, lost: ${[...this.lost].join(' ')}`);
  }

  private async close(): Promise<void> {
    if (this.store === undefined) return;
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
    const fates = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>;
    const bad = [...this.withheld];
    fates.withheld = bad.length;
    for (const { backup, status, text } of await this.answers()) {
      const fate = this.fateOf(backup, status, text);
      fates[fate] += 1;
      if (fate === 'wrong' || fate === 'silently lost') bad.push({ id: backup.id, fate, answer: text });
    }
    return { fates, bad, story: this.story, filled: this.filled };
  }

  private async answers(): Promise<{ backup: Acknowledged; status: number; text: string }[]> {
    const ask = async () => {
      const answers: { backup: Acknowledged; status: number; text: string }[] = [];
      await this.openStore(async (store) => {
        for (const backup of this.ledger.backups)
          answers.push({ backup, ...(await restore(store, backup.id)) });
      });
      await this.close();
      return answers;
    };
    const isSettled = (answers: { status: number }[]) => answers.every(({ status }) => status < 500);
    const first = await ask();
    if (isSettled(first)) return first;
    // As the runbook has it: a restart, which says what is there; where that finds nothing, a rebuild.
    const second = await ask();
    if (isSettled(second)) return second;
    await this.rebuild();
    return ask();
  }

  private fateOf(backup: Acknowledged, status: number, text: string): Fate {
    if (this.ledger.isGivenTwice(backup.id)) return 'wrong';
    if (status === 200) return text.endsWith(`"data":${backup.state}}`) ? 'restorable' : 'wrong';
    if (status === 404 && this.ledger.mayBeGone(backup)) return 'gone as asked';
    // Of what is not found, a rebuild must have told.
    const isNamed = status === 404 ? this.lost.has(backup.id) : saysDamaged(text);
    return isNamed ? 'named as lost' : 'silently lost';
  }
}

const DRIVEN = { isDriven: true };

function restore(store: Opened, backupId: string): Promise<Reply> {
  return store.call('POST', '/restore', JSON.stringify({ backupId, targetResourceId: 'elsewhere' }));
}

function rowsOf(random: Random): unknown[] {
  return Array.from({ length: 5 + random.int(40) }, (_, id) => ({
    id,
    name: `row ${id}`,
    at: random.int(3),
  }));
}

/** The folder of another store, with a backup of its own. */
async function foreignStore(root: string, random: Chance): Promise<string> {
  const folder = mkdtempSync(join(root, 'foreign-'));
  const store = await openStore(folder, { wall: BEGINNING, monotonic: 0 }, { ...DRIVEN, random });
  await store.call('POST', '/backups', '{"resourceId":"a","type":"full","data":"of another store"}');
  await store.close();
  return folder;
}

export interface Where {
  /** Folders are made in it; the machine's for what passes, unless given. */
  parent?: string;
  /** The same, if it can be filled. */
  disk?: Disk;
}

/** Runs one sequence in a folder of its own. */
export async function runSequence(seed: number, { parent = tmpdir(), disk }: Where = {}): Promise<Account> {
  const { root, remove } = newRoot(disk?.path ?? parent);
  try {
    const drawn = drawnFrom(seed);
    return await new Sequence(drawn, root, await foreignStore(root, drawn.chance), disk).run();
  } finally {
    disk?.unfill();
    remove();
  }
}
