// Comparing byte ranges: short ones in a loop, long ones by memcmp, which is twenty times faster but costly
// to call.

/** Below this a loop beats the call. */
const LOOP_BYTES = 48;
const STEP_BYTES_MAX = 1 << 22;

/** Whether a[from, from + length) and b[at, at + length) are the same bytes. Both ranges must lie in their buffers. */
export function sameBytes(a: Buffer, from: number, b: Buffer, at: number, length: number): boolean {
  if (length > LOOP_BYTES) {
    // What differs mostly differs early or late.
    for (let k = 0; k < 16; k++) if (a[from + k] !== b[at + k]) return false;
    if (a[from + length - 1] !== b[at + length - 1]) return false;
    return a.compare(b, at, at + length, from, from + length) === 0;
  }
  for (let k = 0; k < length; k++) if (a[from + k] !== b[at + k]) return false;
  return true;
}

/** The same, four bytes at a time. */
export function sameWords(a: DataView, from: number, b: DataView, at: number, length: number): boolean {
  let k = 0;
  for (; k + 4 <= length; k += 4) if (a.getInt32(from + k) !== b.getInt32(at + k)) return false;
  for (; k < length; k++) if (a.getUint8(from + k) !== b.getUint8(at + k)) return false;
  return true;
}

/** How many bytes from a[from] and b[at] on are the same, at most `max`. */
export function commonPrefix(a: Buffer, from: number, b: Buffer, at: number, max: number): number {
  const short = Math.min(max, LOOP_BYTES);
  let k = 0;
  while (k < short && a[from + k] === b[at + k]) k++;
  if (k < short || k === max) return k;
  let step = 256;
  while (k < max) {
    const length = Math.min(step, max - k);
    if (a.compare(b, at + k, at + k + length, from + k, from + k + length) !== 0) {
      return k + firstDifference(a, from + k, b, at + k, length);
    }
    k += length;
    if (step < STEP_BYTES_MAX) step *= 4;
  }
  return max;
}

/** How many bytes before a[end] and b[until] are the same, at most `max`. */
export function commonSuffix(a: Buffer, end: number, b: Buffer, until: number, max: number): number {
  const short = Math.min(max, LOOP_BYTES);
  let k = 0;
  while (k < short && a[end - 1 - k] === b[until - 1 - k]) k++;
  if (k < short || k === max) return k;
  let step = 256;
  while (k < max) {
    const length = Math.min(step, max - k);
    if (a.compare(b, until - k - length, until - k, end - k - length, end - k) !== 0) {
      return k + lastDifference(a, end - k, b, until - k, length);
    }
    k += length;
    if (step < STEP_BYTES_MAX) step *= 4;
  }
  return max;
}

/** Equal bytes before the first that differs; there is one within `length`. */
function firstDifference(a: Buffer, from: number, b: Buffer, at: number, length: number): number {
  let low = 0;
  let size = length;
  while (size > LOOP_BYTES) {
    const half = size >>> 1;
    if (a.compare(b, at + low, at + low + half, from + low, from + low + half) === 0) {
      low += half;
      size -= half;
    } else {
      size = half;
    }
  }
  while (a[from + low] === b[at + low]) low++;
  return low;
}

/** Equal bytes behind the last that differs; there is one within `length`. */
function lastDifference(a: Buffer, end: number, b: Buffer, until: number, length: number): number {
  let low = 0;
  let size = length;
  while (size > LOOP_BYTES) {
    const half = size >>> 1;
    if (a.compare(b, until - low - half, until - low, end - low - half, end - low) === 0) {
      low += half;
      size -= half;
    } else {
      size = half;
    }
  }
  while (a[end - 1 - low] === b[until - 1 - low]) low++;
  return low;
}
