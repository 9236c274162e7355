// Where layouts of states are kept: made of what is stored, to read a part of a state without the rest. Whatever is lost here is made
// again, or done without.

import type { LayoutPart } from '../core/layout/seal.ts';

export interface LayoutStore {
  /** Keeps a part of the layout of the state that a blob completes, in place of what was kept of it. It goes with the blob. */
  write(blobId: string, part: LayoutPart, bytes: Uint8Array): Promise<void>;
  /** Undefined if it is not there. */
  read(blobId: string, part: LayoutPart): Promise<Uint8Array | undefined>;
}
