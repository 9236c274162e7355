// Where secrets are read.

import type { SecretReference } from '../core/records/secret-reference.ts';

export interface SecretReader {
  /**
   * What the reference stands for now: whoever keeps it for longer misses its rotation. White space at its end is cut. Throws PortError:
   * `not_found` if there is nothing, or it is empty; `denied` where this home does not read from there or may not; `unavailable`.
   * No message has any part of a secret in it.
   */
  read(reference: SecretReference, signal?: AbortSignal): Promise<string>;
}
