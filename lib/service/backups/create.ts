// Creates a backup: builds it on the head, proves it, stores its bytes, commits it. Acknowledged means restorable.

import type { KeyFault } from '../../core/delta/compare/row-keys.ts';
import { type ScannedState, sizeOf } from '../../core/json/state-sink.ts';
import { demandInOrder } from '../../core/records/as-of.ts';
import { type BackupPlan, type Bases, baseRefOf, planBackup } from '../../core/records/chain.ts';
import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { blobNamedAfter } from '../../core/records/ids.ts';
import { DAY_MS, LIMITS } from '../../core/records/limits.ts';
import { demandOpen } from '../../core/records/lock.ts';
import type {
  BackupRecord,
  BackupRequest,
  BackupType,
  BaseRef,
  IdempotencyRecord,
  ResourceHead,
} from '../../core/records/model.ts';
import { demandPrecondition } from '../../core/records/precondition.ts';
import { PortError } from '../../ports/errors.ts';
import { commitBackup, type DamagedBase } from '../chains/commit-backup.ts';
import { type Draft, writeBlob } from '../chains/write-blob.ts';
import type { Caller, CreateBackupInput, CreateOutput } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { reportDamage } from '../kit/damage.ts';
import { callerOf } from '../kit/events.ts';
import { findEarlier, type KeyUse, useOf } from '../kit/idempotency.ts';
import { demandTrust, refuseUntrusted } from '../kit/trust.ts';
import { type Built, build, newKey } from './build.ts';
import { findSame, noteChecked } from './unchanged.ts';
import { giveBack, type Judged, judgeChange } from './unusual.ts';

/** What a create is about, the same in all its attempts. */
interface Work {
  id: string;
  input: CreateBackupInput;
  /** If it came with an idempotency key. */
  use?: KeyUse;
  caller: Caller;
  /** What it was accepted as, if it came by upload: its place in the order of states, and its time. */
  request?: BackupRequest;
}

/**
 * Throws ServiceError `encryption_required`, `idempotency_key_reused`, `backup_not_found` (made under its key, deleted since),
 * `write_conflict` (lost every race), or what reading the base throws.
 */
export async function createBackup(
  deps: Deps,
  input: CreateBackupInput,
  caller: Caller,
): Promise<CreateOutput> {
  await refuseUntrusted(deps);
  refuseUnencrypted(deps, input.encrypt);
  const use = useOf(input.idempotencyKey, caller, input.resourceId, askedBy(input));
  return deps.gate.run(input.resourceId, async () => {
    const id = await deps.catalog.allocateId('backup');
    return create(deps, { id, input, caller, ...(use === undefined ? {} : { use }) });
  });
}

/**
 * Makes the backup that was accepted as `request`, in its place and of its time, and completes the request in the same commit.
 * Throws like `createBackup`, and PortError `conflict` if somebody else has moved the request on.
 */
export async function createRequested(
  deps: Deps,
  request: BackupRequest,
  state: ScannedState,
): Promise<BackupRecord> {
  const { id, resourceId, resourceType, requestedType: type, metadata, encrypt } = request;
  const { asOf, ifChanged, acceptUnusual } = request;
  const more = {
    ...(asOf === undefined ? {} : { asOf }),
    ...(ifChanged ? { ifChanged } : {}),
    ...(acceptUnusual ? { acceptUnusual } : {}),
  };
  const input = { resourceId, resourceType, type, state, metadata, encrypt, ...more };
  const work: Work = { id, input, caller: callerOf(request), request };
  // Of one resource they come one after another; what comes in a call does not wait for them, nor do they lose to it.
  const { backup } = await deps.gate.run(JSON.stringify(['by upload', resourceId]), () => create(deps, work));
  return backup;
}

async function create(deps: Deps, work: Work): Promise<CreateOutput> {
  // Upkeep of another process moves the head too, but takes no sequence: then no writer was faster, and trying again helps.
  const lost = new Set<number>();
  for (let n = 0; lost.size < LIMITS.commitAttemptsMax && n < LIMITS.commitAttemptsInAllMax; n++) {
    // A blob stays where an attempt was lost, and none is written over: only the first is named after its backup.
    const blobId = n === 0 && work.request === undefined ? blobNamedAfter(work.id) : undefined;
    const output = await attemptCreate(deps, work, blobId);
    if ('backup' in output) return output;
    lost.add(output.lostSequence);
  }
  throw new ServiceError(
    'write_conflict',
    'Other writers of this resource were faster every time; try again.',
    { retryAfterSeconds: 1 },
  );
}

/** Throws ServiceError `encryption_required` where the deployment does not take what is not encrypted. */
export function refuseUnencrypted({ options }: Deps, encrypt: boolean): void {
  if (encrypt || options.allowUnencrypted) return;
  throw new ServiceError('encryption_required', 'Leave "encrypt" out, or set it to true.', {
    errors: [{ pointer: '/encrypt', detail: 'This deployment only stores encrypted backups.' }],
  });
}

interface Lost {
  /** What the backup would have been numbered. */
  lostSequence: number;
}

/** Lost is an attempt if its sequence, its base or the idempotency key was taken in the meantime. */
async function attemptCreate(
  deps: Deps,
  work: Work,
  blobId: string | undefined,
): Promise<CreateOutput | Lost> {
  const { catalog, clock } = deps;
  const { id, input, use, request } = work;
  const { resourceId } = input;
  const [head, { answer, isUnchanged, replaces }, earlyKey] = await Promise.all([
    catalog.getHead(resourceId),
    findEarlier(deps, use),
    // A full begins a chain of its own, so its key need not wait for the head.
    input.type === 'full' && input.encrypt && !input.ifChanged
      ? newKey(deps, { resourceId, chainId: id })
      : undefined,
    demandTrust(deps),
  ]);
  // Only a backup: a request has asked for something else.
  if (answer?.status === 'completed' && 'chain' in answer) {
    return { backup: answer, replayed: true, ...(isUnchanged ? { unchanged: true } : {}) };
  }
  // Of what is committed on this very head: who is faster moves it, and then it is asked again.
  demandOpen(head, input.lockId);
  demandPrecondition(input.condition, head?.latest?.checksum);
  if (input.asOf !== undefined && request?.sequence === undefined) {
    demandInOrder(input.asOf, head?.createdAt, clock.now());
  }
  if (input.ifChanged) {
    const checked = await checkUnchanged(deps, work, head, replaces);
    if (checked !== undefined) return checked;
  }
  const now = clock.now();
  const sequence = request?.sequence ?? (head?.sequence ?? 0) + 1;
  // What has no place yet is of the time at which it is given one.
  const accepted =
    (request?.sequence === undefined && input.ifChanged ? undefined : request?.createdAt) ?? now;
  const createdAt = input.asOf ?? accepted;
  const planned = planBackup(await basesBelow(deps, head, sequence, input.type), input.type);
  let plan = planned;
  const about = {
    sequence,
    createdAt,
    ...(input.asOf === undefined ? {} : { importedAt: accepted }),
    behindMs: Math.max(request?.behindMs ?? 0, deps.clockWatch.behindMs()),
  };
  const identity = head?.settings?.identity;
  const judged = await judgeOn(deps, head, sequence, input);
  if (judged.isStale) return { lostSequence: sequence };
  const isBuiltOn = judged.before !== undefined && isSameBase(plan.base, judged.latest);
  if (!isBuiltOn && judged.latest !== undefined) giveBack(deps, judged.latest, judged.before);
  let draft = draftOf(work, plan, about);
  let built: Built;
  let damage: ServiceError | undefined;
  try {
    built = await build(deps, plan, draft, input, {
      earlyKey,
      identity,
      before: isBuiltOn ? judged.before : undefined,
    });
  } catch (error) {
    // The base may have been rebased since the head was read, and its old bytes swept: then there is a newer head.
    const stale =
      hasCode(error, 'broken_chain') && (await catalog.getHead(resourceId))?.version !== head?.version;
    if (stale) return { lostSequence: draft.sequence };
    if (plan.base === undefined || !hasCode(error, 'integrity_error', 'broken_chain')) throw error;
    // The state that came is whole: old damage is no reason to refuse it.
    damage = error;
    plan = { type: 'full', checkpoint: false };
    draft = draftOf(work, plan, about);
    built = await build(deps, plan, draft, input, { identity });
  }
  const { content, changes, key, keyFaults = [] } = built;
  if (changes !== undefined) draft.changes = changes;
  // A long state was packed as it came. What comes next will ask for its text, which the proof has in hand.
  const isTextWanted = built.text === undefined && deps.bases?.hasRoom(draft.size) === true;
  const {
    ref,
    compressedBytes,
    text = built.text,
  } = await writeBlob(deps, draft, content, isTextWanted, blobId);
  const record: BackupRecord = {
    ...draft,
    status: 'completed',
    compressedSize: compressedBytes,
    chain: [...content.prefix, ref],
    ...(key === undefined ? {} : { key }),
    ...(judged.unusual === undefined ? {} : { unusual: judged.unusual }),
    completedAt: Math.max(clock.now(), accepted),
    version: 1,
  };
  const damaged = damage === undefined ? undefined : damagedBase(planned.base!, damage);
  const made = { ...work, record, base: plan.base, head, now, replaces, lockId: input.lockId };
  const committed = await commitBackup(deps, {
    ...made,
    ...(damaged === undefined ? {} : { damage: damaged }),
  });
  if (committed === undefined) return { lostSequence: sequence };
  // A base for what comes next, which this one is only if it is the newest.
  if (text !== undefined && committed.latest?.id === id) {
    deps.bases?.keep(resourceId, ref.blobId, text);
    await deps.layouts?.made(record, built.sources);
  }
  const warnings = keyFaults.slice(0, WARNINGS_MAX).map(faultSaid);
  const output = { backup: record, replayed: false };
  if (damage === undefined || damaged === undefined) {
    return { ...output, ...(warnings.length === 0 ? {} : { warnings }) };
  }
  deps.log.error('base is damaged: stored whole', { resourceId, ...damaged, storedAs: id });
  await reportDamage(deps, damage, { resourceId, backupId: damaged.backupId });
  const warning = `Backup ${damaged.backupId} could not be built on, so the state was stored whole: ${damage.message}`;
  return { ...output, warnings: [warning, ...warnings] };
}

/** What is unusual about the state, after the one before it in the order of states. */
async function judgeOn(
  deps: Deps,
  head: ResourceHead | undefined,
  sequence: number,
  { resourceId, state, acceptUnusual = false }: CreateBackupInput,
): Promise<Judged> {
  const { settings } = head ?? {};
  if (settings?.shrink === undefined) return {};
  const latest = (await basesBelow(deps, head, sequence, 'incremental'))?.latest;
  if (latest === undefined) return {};
  const isStale = async () => (await deps.catalog.getHead(resourceId))?.version !== head!.version;
  return judgeChange(deps, settings, { resourceId, ...latest }, state, acceptUnusual, isStale);
}

/** Whether it is one backup on one chain: one that was rebased in between has another, and another key. */
function isSameBase(a: BaseRef | undefined, b: BaseRef | undefined): boolean {
  if (a === undefined || b === undefined || a.id !== b.id || a.chainId !== b.chainId) return false;
  return JSON.stringify(a.chain) === JSON.stringify(b.chain);
}

const WARNINGS_MAX = 10;

function faultSaid({ pointer, names, without, shared }: KeyFault): string {
  const where = pointer === '' ? 'the state' : pointer;
  const key = names.map((name) => JSON.stringify(name)).join(', ');
  return (
    `Rows of ${where} could not be told apart by ${key}: ${without} that were compared have no such key, ${shared} share one. ` +
    'They were compared as if nothing had been said of them.'
  );
}

/** Undefined where a backup has to be made. */
async function checkUnchanged(
  deps: Deps,
  { input, caller, use, request }: Work,
  head: ResourceHead | undefined,
  replaces: IdempotencyRecord | undefined,
): Promise<CreateOutput | Lost | undefined> {
  const record = await findSame(deps, head, input);
  if (record === undefined || head === undefined) return undefined;
  try {
    const backup = await noteChecked(deps, { record, head, given: input, caller, use, replaces, request });
    return { backup, replayed: false, unchanged: true };
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'conflict')) throw error;
    // Somebody else has moved the request on: whoever works on it hears of it.
    if (error.change === 'request.update') throw error;
    return { lostSequence: head.sequence + 1 };
  }
}

function damagedBase(base: BaseRef, { code, extra }: ServiceError): DamagedBase {
  const { blobId } = extra;
  return { backupId: base.id, code, ...(typeof blobId === 'string' ? { blobId } : {}) };
}

/**
 * Made by a clock that was behind, it would have expired as soon as that is set right: `behindMs` is added to its time. What is imported
 * is kept from then on, however old it is.
 */
function draftOf(
  { id, input }: Work,
  plan: BackupPlan,
  { sequence, createdAt, importedAt, behindMs }: Accepted,
): Draft {
  const { retentionDays } = input.metadata;
  return {
    id,
    resourceId: input.resourceId,
    resourceType: input.resourceType,
    type: plan.type,
    ...(plan.type === input.type ? {} : { requestedType: input.type }),
    sequence,
    size: sizeOf(input.state),
    checksum: input.state.checksum,
    encrypted: input.encrypt,
    ...(plan.base === undefined ? {} : { baseBackupId: plan.base.id }),
    chainId: plan.base?.chainId ?? id,
    metadata: input.metadata,
    createdAt,
    ...(importedAt === undefined ? {} : { importedAt }),
    ...(retentionDays === 0
      ? {}
      : { expiresAt: (importedAt ?? createdAt) + behindMs + retentionDays * DAY_MS }),
  };
}

interface Accepted {
  sequence: number;
  createdAt: number;
  importedAt?: number;
  behindMs: number;
}

/** The newest that come before a sequence: the head has them, unless it has gone on since the sequence was given. */
async function basesBelow(
  { catalog }: Deps,
  head: ResourceHead | undefined,
  sequence: number,
  type: BackupType,
): Promise<Bases | undefined> {
  if (head === undefined || type === 'full') return undefined;
  const newest = type === 'incremental' ? head.latest : head.latestFull;
  if (newest === undefined || newest.sequence < sequence) return head;
  const before = await catalog.newestBefore(
    head.resourceId,
    sequence,
    type === 'differential' ? 'full' : undefined,
  );
  return before === undefined ? {} : { latest: baseRefOf(before), latestFull: baseRefOf(before) };
}

/** What makes two creates the same: all that was asked for, member order and white space aside. */
function askedBy(input: CreateBackupInput): unknown {
  const { resourceId, resourceType, type, state, metadata, encrypt } = input;
  const { ifChanged, acceptUnusual, asOf, condition } = input;
  return [
    resourceId,
    resourceType,
    type,
    state.checksum,
    encrypt,
    metadata,
    ...(ifChanged ? ['ifChanged'] : []),
    ...(acceptUnusual ? ['acceptUnusual'] : []),
    ...(asOf === undefined ? [] : [{ asOf }]),
    ...(condition === undefined ? [] : [condition]),
  ];
}
