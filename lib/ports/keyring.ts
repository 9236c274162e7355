// Data keys, and what wraps them.

import type { WrappedKey } from '../core/records/model.ts';

/** Bound to the wrapped key: opening it under another context fails. Values are not secret. */
export type KeyContext = Record<string, string>;

/** Makes and opens data keys. The key that wraps them never leaves the keyring. */
export interface Keyring {
  /** A fresh random 32-byte data key, in clear and wrapped. */
  generate(context: KeyContext): Promise<{ dataKey: Uint8Array; key: WrappedKey }>;
  /** Throws `integrity` for a changed key or another context, `not_found` for an unknown key id or version, `denied` or `unavailable` for the dependency's own faults. */
  open(key: WrappedKey, context: KeyContext): Promise<Uint8Array>;
  check(): Promise<void>;
}
