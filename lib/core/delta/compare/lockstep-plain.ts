// What ./lockstep.ts does, without the kernel.

import { sameBytes } from '../../bytes/ranges.ts';
import { EVENTS_ROOM } from '../../json/kernel/kernel.ts';
import { OPEN_ARRAY, OPEN_OBJECT } from '../../json/spans.ts';
import { findInText, type Identity } from './identity.ts';
import {
  ALL_SAME,
  CHANGED_VALUE,
  ENTER,
  ENTER_UNSHARED,
  EVENT_COLUMNS,
  type Events,
  GIVEN_UP,
  LEAVE,
  NAMES_SHARED,
  NONE_SHARED,
  SAME,
  SOME_SHARED,
} from './lockstep-events.ts';
import {
  createCursor,
  createNames,
  place,
  readKnownNames,
  readNames,
  readScalars,
  rememberName,
} from './lockstep-scalars.ts';
import { STEP_BASE_NAME, STEP_INDEX } from './ops.ts';

const DEPTH_MAX = 32;
const MEMBERS_MAX = 32;
/** In a list of more, alignment looks further for what it may be in step with again; so it does if two elements are alike. */
const ELEMENTS_MAX = 7;

const COMMA = 0x2c;

/** What the last pass has found. */
export const found: Events = { events: new Uint32Array(EVENTS_ROOM), length: 0, hasContainers: false };

// The pass, which never runs twice at once: both texts, where it is in them, and stacks.
const at = createCursor();
const names = createNames(MEMBERS_MAX * (DEPTH_MAX + 1));
/** At each depth, how many of the names that are known there are no two the same. */
const apart = new Uint8Array(DEPTH_MAX + 1);
/** Where the names of members begin in the base, quotes included, and how long they are. */
const nameStarts = new Uint32Array(MEMBERS_MAX * (DEPTH_MAX + 1));
const nameLengths = new Uint32Array(MEMBERS_MAX * (DEPTH_MAX + 1));
/** Of an element: where it is in both texts, and the member that says which it is, if it is an object that has changed. */
const SPAN_COLUMNS = 6;
const spans = new Uint32Array(ELEMENTS_MAX * SPAN_COLUMNS * (DEPTH_MAX + 1));
const ofBase: Identity = { start: 0, end: 0 };
const ofTarget: Identity = { start: 0, end: 0 };

/** Whether the containers read are members of the whole text: then a sole member is not reported by itself. */
let isSection = false;

/** Reads both containers, which differ and begin with the same bracket; gives how they compare. */
export function readPlain(a: Buffer, aStart: number, b: Buffer, bStart: number, ofRoot: boolean): number {
  isSection = ofRoot;
  place(at, a, aStart, b, bStart);
  found.length = 0;
  found.hasContainers = false;
  return readContainers(0);
}

function readContainers(depth: number): number {
  const opening = at.base[at.p]!;
  at.p++;
  at.q++;
  // One that is empty has no skeleton to go by.
  const isEmpty = at.base[at.p] === opening + 2;
  if (isEmpty !== (at.target[at.q] === opening + 2) || depth === DEPTH_MAX) return GIVEN_UP;
  if (isEmpty) {
    at.p++;
    at.q++;
    return ALL_SAME;
  }
  return opening === OPEN_OBJECT ? readMembers(depth) : readElements(depth);
}

function readMembers(depth: number): number {
  const firstName = depth * MEMBERS_MAX;
  let count = 0;
  let changes = 0;
  let isShared = false;
  let isNamedInside = false;
  /** Where the members that are the same begin, if the last one was. */
  let sameFrom = -1;
  let sameAt = 0;
  for (;;) {
    const aName = at.p;
    const bName = at.q;
    const slot = firstName + count;
    if (count === MEMBERS_MAX) return GIVEN_UP;
    if (!readKnownNames(at, names, slot)) {
      apart[depth] = Math.min(apart[depth]!, count);
      if (!readNames(at)) return GIVEN_UP;
      names.lengths[slot] = rememberName(names, slot, at.base, aName, at.p);
    }
    const aStart = at.p;
    nameStarts[slot] = aName;
    nameLengths[slot] = aStart - aName;
    const bStart = at.q;
    const before = found.length;
    // Room for what comes before the value, should it have changed.
    if (before + 4 * EVENT_COLUMNS > EVENTS_ROOM) return GIVEN_UP;
    found.length += 3 * EVENT_COLUMNS;
    const outcome = readValues(depth);
    if (outcome === GIVEN_UP) return GIVEN_UP;
    if (outcome === ALL_SAME) {
      found.length = before;
      isShared = true;
      if (sameFrom < 0) {
        sameFrom = aName;
        sameAt = bName;
      }
    } else {
      changes++;
      if (outcome === SOME_SHARED) isShared = true;
      if (outcome === NAMES_SHARED) isNamedInside = true;
      const same = sameFrom < 0 ? 0 : aName - 1 - sameFrom;
      setSame(before, Math.max(sameFrom, 0), sameAt, same);
      setSame(before + EVENT_COLUMNS, aName, bName, aStart - aName);
      setChange(before + 2 * EVENT_COLUMNS, outcome, STEP_BASE_NAME, aName, aStart - 1, aStart, bStart);
      sameFrom = -1;
    }
    count++;
    const next = at.base[at.p]!;
    if (next !== at.target[at.q]) return GIVEN_UP;
    if (next !== COMMA) break;
    at.p++;
    at.q++;
  }
  if (changes === 0) {
    at.p++;
    at.q++;
    return ALL_SAME;
  }
  if (sameFrom >= 0) addSame(sameFrom, sameAt, at.p - sameFrom);
  if (count > apart[depth]!) {
    if (hasTwoAlike(firstName, count)) return GIVEN_UP;
    apart[depth] = count;
  }
  at.p++;
  at.q++;
  if (isShared) return SOME_SHARED;
  const isSole = count === 1 && depth === 0 && isSection;
  return isSole && !isNamedInside ? NONE_SHARED : NAMES_SHARED;
}

function readElements(depth: number): number {
  const firstSpan = depth * ELEMENTS_MAX * SPAN_COLUMNS;
  let count = 0;
  let changes = 0;
  let isShared = false;
  let sameFrom = -1;
  let sameAt = 0;
  for (;;) {
    const aStart = at.p;
    const bStart = at.q;
    const kind = kindOf(at.base[at.p]!);
    if (kind !== kindOf(at.target[at.q]!)) return GIVEN_UP;
    const before = found.length;
    if (before + 3 * EVENT_COLUMNS > EVENTS_ROOM) return GIVEN_UP;
    found.length += 2 * EVENT_COLUMNS;
    const outcome = readValues(depth);
    if (outcome === GIVEN_UP) return GIVEN_UP;
    ofBase.start = 0;
    ofBase.end = 0;
    if (outcome === ALL_SAME) {
      found.length = before;
      isShared = true;
      if (sameFrom < 0) {
        sameFrom = aStart;
        sameAt = bStart;
      }
    } else {
      changes++;
      if (outcome === SOME_SHARED) isShared = true;
      if (kind === OPEN_OBJECT && !haveSameIdentity(aStart, bStart)) return GIVEN_UP;
      const same = sameFrom < 0 ? 0 : aStart - 1 - sameFrom;
      setSame(before, Math.max(sameFrom, 0), sameAt, same);
      setChange(before + EVENT_COLUMNS, outcome, STEP_INDEX, count, 0xffffffff, aStart, bStart);
      sameFrom = -1;
    }
    if (count < ELEMENTS_MAX) {
      const span = firstSpan + count * SPAN_COLUMNS;
      spans[span] = aStart;
      spans[span + 1] = at.p;
      spans[span + 2] = bStart;
      spans[span + 3] = at.q;
      spans[span + 4] = ofBase.start;
      spans[span + 5] = ofBase.end;
    }
    count++;
    const next = at.base[at.p]!;
    if (next !== at.target[at.q]) return GIVEN_UP;
    if (next !== COMMA) break;
    at.p++;
    at.q++;
  }
  if (changes > 1 && (count > ELEMENTS_MAX || anyOutOfStep(firstSpan, count))) return GIVEN_UP;
  if (changes > 0 && sameFrom >= 0) addSame(sameFrom, sameAt, at.p - sameFrom);
  at.p++;
  at.q++;
  return changes === 0 ? ALL_SAME : isShared ? SOME_SHARED : NONE_SHARED;
}

/** Reads two values from their beginnings to behind their ends. */
function readValues(depth: number): number {
  const c = at.base[at.p]!;
  const isInside = c === at.target[at.q] && (c === OPEN_OBJECT || c === OPEN_ARRAY);
  if (isInside) return readContainers(depth + 1);
  return readScalars(at) ? ALL_SAME : NONE_SHARED;
}

/** Whether two names are the same. */
function hasTwoAlike(first: number, count: number): boolean {
  for (let k = 1; k < count; k++) {
    const length = nameLengths[first + k]!;
    for (let before = 0; before < k; before++) {
      if (nameLengths[first + before] !== length) continue;
      if (sameBytes(at.base, nameStarts[first + before]!, at.base, nameStarts[first + k]!, length))
        return true;
    }
  }
  return false;
}

/** Whether an element of the one list is the same as one elsewhere in the other, or two that changed call themselves the same. */
function anyOutOfStep(first: number, count: number): boolean {
  const end = first + count * SPAN_COLUMNS;
  for (let i = first; i < end; i += SPAN_COLUMNS) {
    const from = spans[i]!;
    const length = spans[i + 1]! - from;
    const name = spans[i + 4]!;
    const nameLength = spans[i + 5]! - name;
    for (let j = first; j < end; j += SPAN_COLUMNS) {
      if (i === j) continue;
      const there = spans[j + 2]!;
      if (spans[j + 3]! - there === length && sameBytes(at.base, from, at.target, there, length)) return true;
      const other = spans[j + 4]!;
      if (nameLength === 0 || spans[j + 5]! - other !== nameLength) continue;
      if (sameBytes(at.base, name, at.base, other, nameLength)) return true;
    }
  }
  return false;
}

/** Whether two objects that end here say by the same member who they are, or none of them says. */
function haveSameIdentity(aStart: number, bStart: number): boolean {
  ofBase.end = 0;
  ofTarget.end = 0;
  findInText(at.base, aStart, at.p, ofBase);
  findInText(at.target, bStart, at.q, ofTarget);
  if (ofBase.end === 0 || ofTarget.end === 0) return ofBase.end === ofTarget.end;
  const length = ofBase.end - ofBase.start;
  if (ofTarget.end - ofTarget.start !== length) return false;
  return sameBytes(at.base, ofBase.start, at.target, ofTarget.start, length);
}

function kindOf(c: number): number {
  return c === OPEN_OBJECT || c === OPEN_ARRAY ? c : 0;
}

function addSame(from: number, to: number, length: number): void {
  setSame(found.length, from, to, length);
  found.length += EVENT_COLUMNS;
}

function setSame(event: number, from: number, to: number, length: number): void {
  const { events } = found;
  events[event] = SAME;
  events[event + 1] = from;
  events[event + 2] = to;
  events[event + 3] = length;
}

/** The values have ended here. */
function setChange(
  event: number,
  outcome: number,
  step: number,
  stepFrom: number,
  stepTo: number,
  aStart: number,
  bStart: number,
): void {
  const { events } = found;
  const kind = kindOf(at.base[aStart]!);
  const otherKind = kindOf(at.target[bStart]!);
  const isInside = kind !== 0 && kind === otherKind;
  // An element that keeps nothing but names is another element.
  const isEntered = outcome === SOME_SHARED || (outcome === NAMES_SHARED && step === STEP_BASE_NAME);
  events[event] = isInside ? (isEntered ? ENTER : ENTER_UNSHARED) : CHANGED_VALUE;
  events[event + 1] = step;
  events[event + 2] = stepFrom;
  events[event + 3] = stepTo;
  events[event + 4] = aStart;
  events[event + 5] = at.p;
  events[event + 6] = bStart;
  events[event + 7] = at.q;
  if (kind + otherKind > 0 && !(isInside && isEntered)) found.hasContainers = true;
  if (!isInside) return;
  events[found.length] = LEAVE;
  found.length += EVENT_COLUMNS;
}
