// The dry run of retention: what a sweep would do now, and why. Changes nothing.

import { planRetention, planUnderAll, type RetentionDecision } from '../../core/records/retention.ts';
import type { ExpiryWait, RetentionPolicy } from '../../core/records/retention-records.ts';
import { summarizePlan } from '../../core/records/retention-summary.ts';
import { decodeCursor, encodeCursor } from '../../ports/checks.ts';
import { PortError } from '../../ports/errors.ts';
import type { Page, PageRequest } from '../../ports/pages.ts';
import type { RetentionPlan } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import { peekAtClock } from '../kit/clock-watch.ts';
import { decide, liveOf, policiesAt } from './decisions.ts';
import { judgeExpiry } from './expiry.ts';
import { wholeLap } from './lap.ts';
import { described } from './waits.ts';

/** All live backups of a resource, or, without one, those past their expiry. */
export async function readPlan(
  deps: Deps,
  request: PageRequest & { resourceId?: string },
): Promise<RetentionPlan> {
  const { resourceId } = request;
  if (resourceId === undefined) {
    const judgement = await judge(deps);
    const { waiting } = judgement;
    const due = judgement.due.toSorted((a, b) => a.expiresAt! - b.expiresAt! || a.createdAt - b.createdAt);
    const decisions = due.map((decision) => withWait(decision, waiting.get(decision.backupId)));
    const drops = decisions.filter(({ action }) => action === 'drop').length;
    const summary = `${decisions.length} backups are past their expiry: ${drops} go with the next sweep, ${waiting.size} wait, ${decisions.length - drops - waiting.size} are kept`;
    return { ...pageOf(decisions, request), summary, waits: waitsIn(judgement) };
  }
  const { policy, backups, decisions: alone } = await decide(deps, resourceId, deps.clock.now());
  // Only what would go can wait.
  const judgement = alone.some(({ action }) => action === 'drop') ? await judge(deps) : undefined;
  const decisions = alone.map((decision) => withWait(decision, judgement?.waiting.get(decision.backupId)));
  const ids = new Set(alone.map(({ backupId }) => backupId));
  return {
    ...pageOf(decisions, request),
    summary: summarizePlan(backups, decisions, policy?.removed === true ? undefined : policy?.policy),
    waits: judgement === undefined ? [] : waitsIn(judgement, ids),
  };
}

/** What a policy that has not been set would decide, if it were in force now; and what would go that stays as it is. */
export async function planPolicy(
  deps: Deps,
  request: PageRequest & { resourceId: string; policy?: RetentionPolicy },
): Promise<RetentionPlan> {
  const { resourceId, policy } = request;
  if (policy === undefined) return readPlan(deps, { ...request, resourceId });
  const now = deps.clock.now();
  const [stored, backups] = await Promise.all([deps.catalog.getPolicy(resourceId), liveOf(deps, resourceId)]);
  const decisions = planRetention(backups, policy, now);
  const present = planUnderAll(backups, policiesAt(stored, now), now);
  const wouldExpire = decisions.filter(({ action }, i) => action === 'drop' && present[i]!.action === 'keep');
  return {
    ...pageOf(decisions, request),
    summary: summarizePlan(backups, decisions, policy),
    waits: [],
    wouldExpire: wouldExpire.map(({ backupId }) => backupId),
  };
}

type Judgement = Awaited<ReturnType<typeof judgeExpiry>>;

async function judge(deps: Deps): Promise<Judgement> {
  const { state, wait } = await peekAtClock(deps);
  return judgeExpiry(deps, state, wait, wholeLap(state, deps.clock.now()));
}

function withWait(decision: RetentionDecision, wait: ExpiryWait | undefined): RetentionDecision {
  return wait === undefined ? decision : { ...decision, action: 'keep', reasons: ['waits'], waitId: wait.id };
}

function waitsIn({ waiting }: Pick<Judgement, 'waiting'>, of?: ReadonlySet<string>) {
  const waits = [...waiting].filter(([id]) => of?.has(id) ?? true).map(([, wait]) => wait);
  return [...new Set(waits)].map(described);
}

/** Throws PortError `not_found` for a cursor that is not one of this list. */
function pageOf(all: RetentionDecision[], request: PageRequest): Page<RetentionDecision> {
  const [from] = decodeCursor('plan', ['number'], request) ?? [0];
  if (!(Number.isSafeInteger(from) && from >= 0 && from <= all.length)) {
    throw new PortError('not_found', 'the cursor does not belong to this list');
  }
  const next = from + request.limit;
  const items = all.slice(from, next);
  return next < all.length ? { items, cursor: encodeCursor('plan', [next]) } : { items };
}
