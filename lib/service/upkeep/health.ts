// The health check: whether every part answers, and what an operator should know of.

import { LIMITS } from '../../core/records/limits.ts';
import type { Notice } from '../../core/records/model.ts';
import type { Clock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Health, HealthProblem } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** Asks every part. Never rejects: what does not answer is the answer. */
export async function checkHealth(deps: Deps): Promise<Health> {
  const { blobs, catalog, keyring, log, trust } = deps;
  const parts = { blobs, catalog, keyring };
  const problems: HealthProblem[] = [];
  const ask = async <T>(part: string, work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      log.error('part does not answer', { part, error });
      if (!problems.some((known) => known.part === part)) problems.push(problemOf(part, error));
      return undefined;
    }
  };
  const [, stored = []] = await Promise.all([
    Promise.all(Object.entries(parts).map(([name, part]) => ask(name, () => part.check()))),
    ask('catalog', () => catalog.listNotices(LIMITS.listPageMax)),
    // Of a process that answers nothing else: what it did not trust may have been mended since.
    ask('catalog', () => trust.learn()),
  ]);
  const notices = [...stored, ...(deps.conditions?.() ?? [])];
  const fault = trust.fault();
  if (fault !== undefined && !problems.some(({ code }) => code === fault.code)) {
    problems.push({ part: 'store', ...fault });
  }
  return { status: statusOf(problems, notices), problems, notices };
}

/**
 * The health, asked for as often as anybody likes: the parts are asked at most so often, for that costs a write to each of
 * them, and whoever may not do anything else may ask this.
 */
export function rememberHealth(
  check: () => Promise<Health>,
  keptMs: number,
  clock: Pick<Clock, 'monotonic'>,
): () => Promise<Health> {
  let latest: Promise<Health> | undefined;
  let askedAt = 0;
  return () => {
    const now = clock.monotonic();
    if (latest === undefined || now - askedAt >= keptMs) {
      askedAt = now;
      latest = check();
    }
    return latest;
  };
}

function statusOf(problems: HealthProblem[], notices: Notice[]): Health['status'] {
  if (problems.length > 0 || notices.some(({ severity }) => severity === 'critical')) return 'unhealthy';
  return notices.length > 0 ? 'degraded' : 'healthy';
}

function problemOf(part: string, error: unknown): HealthProblem {
  const reason = error instanceof PortError ? error.reason : undefined;
  return {
    part,
    code: reason ?? (error instanceof PortError ? error.code : 'failed'),
    // The message of a port's error is made of our own words; any other may hold paths.
    detail: error instanceof PortError ? error.message : 'It failed in an unexpected way; the log says how.',
  };
}
