// Chance as the machine gives it: for every home alike.

import { randomBytes } from 'node:crypto';
import type { Random } from './ports/random.ts';

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };
