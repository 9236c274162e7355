// Whether what is stored can be trusted as it stands. Once there is proof that it cannot, nothing is built on it and nothing
// removed from it until the process starts anew: reading goes on.

import { ServiceError } from '../core/errors.ts';
import type { Logger } from '../log.ts';

export interface TrustFault {
  /** One word for scripts: `rollback`, `catalog_replaced`. */
  code: string;
  /** A sentence for a person. */
  detail: string;
}

export interface Trust {
  /** Why the store is not to be trusted, if that is so. */
  fault(): TrustFault | undefined;
  /** The first fault stays. */
  distrust(fault: TrustFault): void;
}

/** Trusts until it is told otherwise, or `look` finds something. */
export function createTrust(log: Logger, look: () => TrustFault | undefined = () => undefined): Trust {
  let standing: TrustFault | undefined;
  const distrust = (fault: TrustFault): void => {
    if (standing !== undefined) return;
    standing = fault;
    log.error('the store is not to be trusted', { ...fault });
  };
  return {
    fault() {
      const found = standing === undefined ? look() : undefined;
      if (found !== undefined) distrust(found);
      return standing;
    },
    distrust,
  };
}

/** Throws ServiceError `store_untrusted`: before anything is built on what is stored, or removed from it. */
export function demandTrust({ trust }: { trust: Trust }): void {
  const fault = trust.fault();
  if (fault === undefined) return;
  throw new ServiceError('store_untrusted', `${fault.detail} Nothing is written until that is mended.`, {
    extra: { reason: fault.code },
  });
}
