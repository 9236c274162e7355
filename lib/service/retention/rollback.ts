// A proof that the catalog has lost commits: written down, so that it stops every process and outlives them all.

import type { Deps } from '../contract/deps.ts';
import { clearNotice, raiseNotice } from '../kit/notices.ts';
import { demandTrust, ROLLBACK_NOTICE } from '../kit/trust.ts';

type RollbackDeps = Pick<Deps, 'catalog' | 'clock' | 'log' | 'random' | 'trust'>;

/** From now on this process writes nothing, and the others from their next look at the notice. Throws PortError. */
export async function reportRollback(deps: RollbackDeps, detail: string): Promise<void> {
  deps.trust.distrust({ code: ROLLBACK_NOTICE, detail });
  await raiseNotice(deps, { id: ROLLBACK_NOTICE, code: 'rollback', severity: 'critical', detail });
  await deps.trust.learn(true);
}

/**
 * Before anything is removed by itself, or written down for good. What the home can tell of its catalog is looked for anew:
 * one may be restored under a running service. Throws ServiceError `store_untrusted`, PortError.
 */
export async function demandCurrentCatalog(
  deps: RollbackDeps & Pick<Deps, 'proofOfRollback'>,
): Promise<void> {
  const proof = await deps.proofOfRollback?.();
  if (proof !== undefined) await reportRollback(deps, proof);
  await demandTrust(deps);
}

/** For who has looked, and found nothing that proves it any more. Throws PortError. */
export async function takeRollbackBack(deps: RollbackDeps): Promise<void> {
  await clearNotice(deps, ROLLBACK_NOTICE);
  deps.trust.trustAgain();
}
