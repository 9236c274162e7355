// A growing column of unsigned 32-bit numbers, used as a stack: records of a fixed number of them, without objects.

export interface Column {
  data: Uint32Array;
  length: number;
}

export function createColumn(capacity = 64): Column {
  return { data: new Uint32Array(capacity), length: 0 };
}

/** Makes room for `count` more numbers, which the caller then writes. Returns where. */
export function extend(column: Column, count: number): number {
  const at = column.length;
  const needed = at + count;
  if (needed > column.data.length) {
    const data = new Uint32Array(Math.max(needed, column.data.length * 2));
    data.set(column.data.subarray(0, at));
    column.data = data;
  }
  column.length = needed;
  return at;
}

/** Makes room for as many numbers at once, for whoever knows how many there will be: to grow again and again costs copies. */
export function reserve(column: Column, count: number): void {
  if (count <= column.data.length - column.length) return;
  const data = new Uint32Array(column.length + count);
  data.set(column.data.subarray(0, column.length));
  column.data = data;
}
