// What the tests count of calls and units, at most: `calls.test.ts` holds the code to it, and docs/cost.md reckons with it.

/** Write units of the table and its indexes. `relay` has the mark of the segment in it. */
export const UNITS = {
  full: 12,
  incremental: 12,
  restore: 8,
  relay: 3,
  delete: 19,
  notification: 18,
  upload: 59,
};
/** Of a run of the trail, whatever it writes. */
export const SEGMENT_MARK_UNITS = 1;
