// Of what an index of a text may know: everything, most, what is large.

import type { IndexBounds } from '../../../lib/core/history/text-index.ts';

export const INDICES: readonly IndexBounds[] = [
  { bytesMin: 0, stride: 1, rowsMin: 0 },
  { bytesMin: 10, stride: 3, rowsMin: 2 },
  { bytesMin: 100, stride: 2, rowsMin: 4 },
];
