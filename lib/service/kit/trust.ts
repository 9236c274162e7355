// Whether what is stored can be trusted as it stands. Once there is proof that it cannot, nothing is built on it and nothing
// removed from it: reading goes on. What the home itself sees holds until its process ends; a proof of a rollback is
// written down, and holds in every process until it is taken back.

import { ServiceError } from '../../core/records/errors.ts';
import type { Logger } from '../../log.ts';
import type { Catalog } from '../../ports/catalog.ts';
import type { WallClock } from '../../ports/clock.ts';
import type { Trust, TrustFault } from '../contract/parts.ts';

export interface TrustOptions {
  /** What the home sees by itself, at no cost. */
  look?: () => TrustFault | undefined;
  /** The proof that is written down, by whichever process. */
  written?: () => Promise<TrustFault | undefined>;
  /** How long what was read is believed. A process that has its store alone hears of everything itself. */
  everyMs?: number;
}

/** Trusts until it is told otherwise, `look` finds something, or a proof is `written`. */
export function createTrust(
  log: Logger,
  clock: WallClock,
  { look = () => undefined, written, everyMs = Number.POSITIVE_INFINITY }: TrustOptions = {},
): Trust {
  let seen: TrustFault | undefined;
  let proof: TrustFault | undefined;
  let isWritten = false;
  let learnedAt: number | undefined;

  const tell = (fault: TrustFault): TrustFault => {
    log.error('the store is not to be trusted', { ...fault });
    return fault;
  };
  const trustAgain = (): void => {
    if (proof !== undefined) log.warn('the store is trusted again', { ...proof });
    proof = undefined;
    isWritten = false;
  };
  return {
    fault() {
      if (seen === undefined) {
        const found = look();
        if (found !== undefined) seen = tell(found);
      }
      return seen ?? proof;
    },
    distrust(fault) {
      proof ??= tell(fault);
    },
    trustAgain,
    async learn(anew = false) {
      if (seen !== undefined) return;
      const at = clock.now();
      // A clock that was set is no reason to ask no more.
      if (!anew && learnedAt !== undefined && Math.abs(at - learnedAt) < everyMs) return;
      const found = await written?.();
      learnedAt = at;
      if (found === undefined) {
        // One that could not be written down stands nonetheless.
        if (isWritten) trustAgain();
        return;
      }
      proof ??= tell(found);
      isWritten = true;
    },
  };
}

/** Under which a proof that the catalog has lost commits is written down. */
export const ROLLBACK_NOTICE = 'rollback';

/** The proof that stands in the catalog, whoever found it. Throws PortError. */
export async function writtenProof(catalog: Pick<Catalog, 'getNotice'>): Promise<TrustFault | undefined> {
  const notice = await catalog.getNotice(ROLLBACK_NOTICE);
  return notice && { code: notice.code, detail: notice.detail };
}

/**
 * Throws ServiceError `store_untrusted`: before anything is built on what is stored, or removed from it. It may read once,
 * so it is asked beside other reads where a caller waits.
 */
export async function demandTrust({ trust }: { trust: Trust }): Promise<void> {
  await trust.learn();
  const fault = trust.fault();
  if (fault === undefined) return;
  throw new ServiceError('store_untrusted', `${fault.detail} Nothing is written until that is mended.`, {
    extra: { reason: fault.code },
  });
}

/** The same, before anything else is begun, if this process knows already: then, and only then, a caller waits for it. */
export async function refuseUntrusted(deps: { trust: Trust }): Promise<void> {
  if (deps.trust.fault() !== undefined) await demandTrust(deps);
}
