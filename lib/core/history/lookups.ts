// Where many paths lead in one text, as `findPlace` says it of each: found together, in a pass over each container on the way.

import { bufferOf } from '../bytes/buffer.ts';
import { decodeName } from '../json/pointer.ts';
import { skipString } from '../json/skip.ts';
import { findMember } from './member.ts';
import { parseRowKeys } from './row-key.ts';
import { rowsCalled } from './row-names.ts';
import { stepOf } from './row-step.ts';
import { childrenFrom, isIndexed, skip, type Ways } from './ways.ts';

const QUOTE = 0x22;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;

/**
 * Where the value at each path begins; undefined where nothing is, or several rows are called like that. Rows have to be named as
 * answers name them (`rowKeyOf`).
 */
export function startsAt(ways: Ways, paths: readonly (readonly string[])[]): (number | undefined)[] {
  const found: (number | undefined)[] = paths.map(() => undefined);
  const descend = (start: number, depth: number, group: readonly number[]): void => {
    const further = group.filter((one) => paths[one]!.length > depth);
    for (const one of group) if (paths[one]!.length === depth) found[one] = start;
    if (further.length === 0) return;
    const byStep = Map.groupBy(further, (one) => paths[one]![depth]!);
    const starts = childrenAt(ways, start, new Set(byStep.keys()));
    for (const [step, inner] of byStep) {
      const child = starts.get(step);
      if (child !== undefined) descend(child, depth + 1, inner);
    }
  };
  descend(
    0,
    0,
    paths.map((_, one) => one),
  );
  return found;
}

function childrenAt(ways: Ways, start: number, steps: ReadonlySet<string>): Map<string, number> {
  const { text } = ways;
  if (text[start] === OPEN_OBJECT) return membersAt(ways, start, steps);
  return text[start] === OPEN_ARRAY ? rowsAt(ways, start, steps) : new Map();
}

/** Of members with one name the last. */
function membersAt(ways: Ways, object: number, steps: ReadonlySet<string>): Map<string, number> {
  const { text } = ways;
  const found = new Map<string, number>();
  if (steps.size === 1) {
    const [name] = steps;
    const value = findMember(text, object, name!, ways);
    return value === undefined ? found : found.set(name!, value);
  }
  for (let at = object + 1; text[at] === QUOTE; ) {
    const colon = skipString(text, at);
    const name = decodeName(text.subarray(at + 1, colon - 1));
    if (steps.has(name)) found.set(name, colon + 1);
    at = skip(ways, colon + 1) + 1;
  }
  return found;
}

function rowsAt(ways: Ways, array: number, steps: ReadonlySet<string>): Map<string, number> {
  const text = bufferOf(ways.text);
  const found = new Map<string, number>();
  const several = new Set<string>();
  const called = (step: string, start: number): void => {
    if (found.has(step)) several.add(step);
    found.set(step, start);
  };
  /** Those that the index does not lead to: found together, in one pass. */
  const left = new Set<string>();
  const keys = new Map<string, string[]>();
  for (const step of steps) {
    const parsed = parseRowKeys(step);
    const members = parsed?.map(({ name }) => name);
    if (members === undefined && isIndexed(ways, array)) {
      const number = /^(0|[1-9]\d{0,15})$/.test(step) ? Number(step) : undefined;
      const [row] = number === undefined ? [] : childrenFrom(ways, array, number);
      if (row !== undefined) found.set(step, row.start);
      continue;
    }
    const rows = parsed && rowsCalled(ways, array, parsed);
    if (rows === undefined) {
      left.add(step);
      if (members !== undefined) keys.set(JSON.stringify(members), members);
      continue;
    }
    for (const { start } of rows) if (stepOf(text, start, members!) === step) called(step, start);
  }
  if (left.size > 0) {
    for (const { number, start } of childrenFrom(ways, array, 0)) {
      if (left.has(String(number))) found.set(String(number), start);
      for (const members of keys.values()) {
        const step = stepOf(text, start, members);
        if (step !== undefined && left.has(step)) called(step, start);
      }
    }
  }
  for (const step of several) found.delete(step);
  return found;
}
