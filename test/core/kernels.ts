// The kernels that tests read and compare texts with.

import { createKernel } from '../../lib/core/json/kernel/kernel.ts';
import { createSeededRandom } from '../../lib/memory/random.ts';

const seed = createSeededRandom('kernel').bytes(8);

export const FAST = createKernel({ isWanted: true, seed });
export const PLAIN = createKernel({ isWanted: false, seed });
/** As the service's own setting has it: long runs are made with both. */
export const KERNEL = process.env.BACKUP_KERNEL === 'off' ? PLAIN : FAST;
