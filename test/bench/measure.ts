// Times, memory and slopes: what every measurement needs, and nothing about what is measured.

import { readFileSync } from 'node:fs';

export const MB = 1_000_000;

export interface Timed<T> {
  ms: number;
  value: T;
}

export async function timed<T>(work: () => T | Promise<T>): Promise<Timed<T>> {
  const started = performance.now();
  const value = await work();
  return { ms: performance.now() - started, value };
}

/** Median milliseconds of `rounds` runs, after one that is not counted: it warms up. */
export async function medianOf(rounds: number, work: () => unknown): Promise<number> {
  await work();
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) times.push((await timed(work)).ms);
  return median(times);
}

/**
 * Median milliseconds of several works, one round of each in turn: what else the machine does then hits all of them, and
 * their ratios stay true.
 */
export async function mediansInTurn<K extends string>(
  rounds: number,
  works: Record<K, () => unknown>,
): Promise<Record<K, number>> {
  const names = Object.keys(works) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const { ms } = await timed(works[name]);
      if (round > 0) times[name].push(ms);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])])) as Record<K, number>;
}

/** The upper one of the two in the middle, if there are two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** The most memory that a process has had resident so far, in MB; undefined where the system does not tell. */
export function peakMb(pid: number): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : (Number(kilobytes) * 1024) / MB;
  } catch {
    return undefined;
  }
}

/** The exponent k of y ~ x^k: the slope of a least-squares line through the logarithms. 1 is linear, 0 constant. */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (of: 0 | 1): number => logs.reduce((sum, point) => sum + point[of], 0) / logs.length;
  const [x0, y0] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}
