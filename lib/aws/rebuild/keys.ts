// Data keys, each opened once as long as it is among the last ones: blobs of one chain come together, and each opening is charged.

import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';

/** Keys that opened, and that did not: if none does, the key that wraps them is another store's. */
export interface KeyCounts {
  opened: number;
  refused: number;
}

const KEPT_MAX = 10_000;

export function openedOnce(keyring: Keyring): Pick<Keyring, 'open'> & { counts: KeyCounts } {
  const opened = new Map<string, Promise<Uint8Array>>();
  const counts = { opened: 0, refused: 0 };
  return {
    counts,
    open(key, context) {
      const name = JSON.stringify([key, Object.entries(context).sort()]);
      const known = opened.get(name);
      if (known !== undefined) return known;
      const opening = keyring.open(key, context);
      opening.then(
        () => counts.opened++,
        (error: unknown) => {
          if (!(error instanceof PortError && error.code === 'unavailable')) counts.refused++;
          // A passing failure is no answer for good.
          opened.delete(name);
        },
      );
      opened.set(name, opening);
      if (opened.size > KEPT_MAX) opened.delete(opened.keys().next().value!);
      return opening;
    },
  };
}

/** Throws PortError `denied` if nothing that is sealed opens: then what would be called damaged is whole. */
export function demandRightKey({ opened, refused }: KeyCounts): void {
  if (opened > 0 || refused === 0) return;
  throw new PortError(
    'denied',
    'none of what is here opens with this key: it is another one, or may not be used by this role',
    { reason: 'wrong_key' },
  );
}
