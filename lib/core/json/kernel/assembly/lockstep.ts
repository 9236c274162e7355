// Reads two small containers side by side: see ../../../delta/compare/lockstep.ts, which does the same and says why.

import { findIdentity, identityEnd, identityStart } from './identity';
import { RESULT, STEP_EVENTS, STEP_EVENTS_ROOM, STEP_NAMES, STEP_SPANS } from './layout';
import { CASE_BIT, COMMA, OPEN_BRACE } from './masks';
import { endOfFirst, endOfSecond, sameBytes, sameNames, sameScalars } from './values';

const DEPTH_MAX: i32 = 32;
const MEMBERS_MAX: i32 = 32;
const ELEMENTS_MAX: i32 = 7;
const OPEN_OBJECT: u8 = 0x7b;

// What an event is: eight numbers.
const EVENT_BYTES: usize = 32;
const SAME: u32 = 0;
const CHANGED_VALUE: u32 = 1;
const ENTER: u32 = 2;
const ENTER_UNSHARED: u32 = 3;
const LEAVE: u32 = 4;
const STEP_INDEX: u32 = 0;
const STEP_BASE_NAME: u32 = 1;
const NONE: u32 = 0xffffffff;

// How two values, or all in two containers, compare.
const ALL_SAME: i32 = 0;
const SOME_SHARED: i32 = 1;
const NONE_SHARED: i32 = 2;
const NAMES_SHARED: i32 = 3;
const GIVEN_UP: i32 = 4;

/** Of a name: where it begins, its bytes, and what most others differ in. */
const NAME_BYTES: usize = 16;
/** Of an element: its span in both texts, and that of its identity in the base. */
const SPAN_BYTES: usize = 24;

/** Behind the containers that were read last. */
let baseEnd: usize = 0;
let targetEnd: usize = 0;
/** Subtracted from an address, where that is in the text. */
let baseShift: usize = 0;
let targetShift: usize = 0;
let eventsEnd: usize = 0;
let hasContainers: i32 = 0;
let isSection: bool = false;

/**
 * Reads the containers at these addresses, which begin with the same bracket; `base` and `target` are where both texts would
 * begin. Gives how they compare; the result has the end of the events, and whether any value that has changed as a whole
 * is a container.
 */
export function lockstep(first: usize, second: usize, base: usize, target: usize, ofRoot: bool): i32 {
  baseShift = base;
  targetShift = target;
  isSection = ofRoot;
  eventsEnd = STEP_EVENTS;
  hasContainers = 0;
  const outcome = readContainers(0, first, second);
  store<u32>(RESULT, ((eventsEnd - STEP_EVENTS) >>> 2) as u32);
  store<i32>(RESULT, hasContainers, 4);
  return outcome;
}

// The loops work on locals: what a module keeps is stored, and loaded again.

function readContainers(depth: i32, first: usize, second: usize): i32 {
  const opening = load<u8>(first);
  const isEmpty = load<u8>(first, 1) == opening + 2;
  if (isEmpty != (load<u8>(second, 1) == opening + 2) || depth == DEPTH_MAX) return GIVEN_UP;
  if (!isEmpty) {
    return opening == OPEN_OBJECT
      ? readMembers(depth, first + 1, second + 1)
      : readElements(depth, first + 1, second + 1);
  }
  baseEnd = first + 2;
  targetEnd = second + 2;
  return ALL_SAME;
}

function readMembers(depth: i32, first: usize, second: usize): i32 {
  let p = first;
  let q = second;
  const names = STEP_NAMES + ((depth * MEMBERS_MAX) as usize) * NAME_BYTES;
  let count: i32 = 0;
  let changes: i32 = 0;
  let isShared = false;
  let isNamedInside = false;
  /** Where the members that are the same begin, if the last one was; else 0. */
  let sameFrom: usize = 0;
  let sameAt: usize = 0;
  for (;;) {
    const aName = p;
    const bName = q;
    if (count == MEMBERS_MAX) return GIVEN_UP;
    const nameBytes = sameNames(p, q);
    if (nameBytes == 0) return GIVEN_UP;
    p += nameBytes;
    q += nameBytes;
    const aStart = p;
    const bStart = q;
    const name = names + (count as usize) * NAME_BYTES;
    store<u32>(name, aName as u32);
    store<u32>(name, nameBytes as u32, 4);
    const before = eventsEnd;
    if (before + 4 * EVENT_BYTES > STEP_EVENTS + STEP_EVENTS_ROOM) return GIVEN_UP;
    const c = load<u8>(p);
    let outcome = ALL_SAME;
    if (c == load<u8>(q) && kindOf(c) != 0) {
      eventsEnd += 3 * EVENT_BYTES;
      outcome = readContainers(depth + 1, p, q);
      if (outcome == GIVEN_UP) return GIVEN_UP;
      p = baseEnd;
      q = targetEnd;
    } else {
      const same = sameScalars(p, q);
      p += same;
      q += same;
      if (same == 0) {
        outcome = NONE_SHARED;
        eventsEnd += 3 * EVENT_BYTES;
        p = endOfFirst;
        q = endOfSecond;
      }
    }
    if (outcome == ALL_SAME) {
      eventsEnd = before;
      isShared = true;
      if (sameFrom == 0) {
        sameFrom = aName;
        sameAt = bName;
      }
    } else {
      changes++;
      if (outcome == SOME_SHARED) isShared = true;
      if (outcome == NAMES_SHARED) isNamedInside = true;
      if (sameFrom == 0) setNothing(before);
      else setSame(before, sameFrom, sameAt, aName - 1 - sameFrom);
      setSame(before + EVENT_BYTES, aName, bName, nameBytes);
      setChange(
        before + 2 * EVENT_BYTES,
        outcome,
        STEP_BASE_NAME,
        (aName - baseShift) as u32,
        (aStart - 1 - baseShift) as u32,
        aStart,
        p,
        bStart,
        q,
      );
      sameFrom = 0;
    }
    count++;
    const next = load<u8>(p);
    if (next != load<u8>(q)) return GIVEN_UP;
    if (next != COMMA) break;
    p++;
    q++;
  }
  baseEnd = p + 1;
  targetEnd = q + 1;
  if (changes == 0) return ALL_SAME;
  if (sameFrom != 0) addSame(sameFrom, sameAt, p - sameFrom);
  if (hasTwoAlike(names, count)) return GIVEN_UP;
  if (isShared) return SOME_SHARED;
  const isSole = count == 1 && depth == 0 && isSection;
  return isSole && !isNamedInside ? NONE_SHARED : NAMES_SHARED;
}

function readElements(depth: i32, first: usize, second: usize): i32 {
  let p = first;
  let q = second;
  const spans = STEP_SPANS + ((depth * ELEMENTS_MAX) as usize) * SPAN_BYTES;
  let count: i32 = 0;
  let changes: i32 = 0;
  let isShared = false;
  let sameFrom: usize = 0;
  let sameAt: usize = 0;
  for (;;) {
    const aStart = p;
    const bStart = q;
    const kind = kindOf(load<u8>(p));
    if (kind != kindOf(load<u8>(q))) return GIVEN_UP;
    const before = eventsEnd;
    if (before + 3 * EVENT_BYTES > STEP_EVENTS + STEP_EVENTS_ROOM) return GIVEN_UP;
    let outcome = ALL_SAME;
    if (kind != 0) {
      eventsEnd += 2 * EVENT_BYTES;
      outcome = readContainers(depth + 1, p, q);
      if (outcome == GIVEN_UP) return GIVEN_UP;
      p = baseEnd;
      q = targetEnd;
    } else {
      const same = sameScalars(p, q);
      p += same;
      q += same;
      if (same == 0) {
        outcome = NONE_SHARED;
        eventsEnd += 2 * EVENT_BYTES;
        p = endOfFirst;
        q = endOfSecond;
      }
    }
    let name: usize = 0;
    let nameEnd: usize = 0;
    if (outcome == ALL_SAME) {
      eventsEnd = before;
      isShared = true;
      if (sameFrom == 0) {
        sameFrom = aStart;
        sameAt = bStart;
      }
    } else {
      changes++;
      if (outcome == SOME_SHARED) isShared = true;
      if (kind == OPEN_OBJECT) {
        findIdentity(bStart);
        const other = identityStart;
        const otherEnd = identityEnd;
        findIdentity(aStart);
        name = identityStart;
        nameEnd = identityEnd;
        if (nameEnd - name != otherEnd - other || !sameBytes(name, other, (nameEnd - name) as u32)) return GIVEN_UP;
      }
      if (sameFrom == 0) setNothing(before);
      else setSame(before, sameFrom, sameAt, aStart - 1 - sameFrom);
      setChange(before + EVENT_BYTES, outcome, STEP_INDEX, count, NONE, aStart, p, bStart, q);
      sameFrom = 0;
    }
    if (count < ELEMENTS_MAX) {
      const span = spans + (count as usize) * SPAN_BYTES;
      store<u32>(span, aStart as u32);
      store<u32>(span, p as u32, 4);
      store<u32>(span, bStart as u32, 8);
      store<u32>(span, q as u32, 12);
      store<u32>(span, name as u32, 16);
      store<u32>(span, nameEnd as u32, 20);
    }
    count++;
    const next = load<u8>(p);
    if (next != load<u8>(q)) return GIVEN_UP;
    if (next != COMMA) break;
    p++;
    q++;
  }
  if (changes > 1 && (count > ELEMENTS_MAX || anyOutOfStep(spans, count))) return GIVEN_UP;
  if (changes > 0 && sameFrom != 0) addSame(sameFrom, sameAt, p - sameFrom);
  baseEnd = p + 1;
  targetEnd = q + 1;
  return changes == 0 ? ALL_SAME : isShared ? SOME_SHARED : NONE_SHARED;
}

/** Whether two names are the same. */
function hasTwoAlike(names: usize, count: i32): bool {
  const end = names + (count as usize) * NAME_BYTES;
  for (let name = names; name < end; name += NAME_BYTES) {
    const start = load<u32>(name) as usize;
    const length = load<u32>(name, 4);
    // Of a name with no letters the length says all.
    const letters = length > 4 ? load<u32>(start, 1) : length == 4 ? load<u32>(start) : 0;
    const mark = ((length as u64) << 32) | (letters as u64);
    store<u64>(name, mark, 8);
    for (let before = names; before < name; before += NAME_BYTES) {
      if (load<u64>(before, 8) == mark && sameBytes(load<u32>(before) as usize, start, length)) return true;
    }
  }
  return false;
}

/** Whether an element of the one list is the same as one elsewhere in the other, or two that changed call themselves the same. */
function anyOutOfStep(spans: usize, count: i32): bool {
  const end = spans + (count as usize) * SPAN_BYTES;
  for (let i = spans; i < end; i += SPAN_BYTES) {
    const from = load<u32>(i);
    const length = load<u32>(i, 4) - from;
    const name = load<u32>(i, 16);
    const nameLength = load<u32>(i, 20) - name;
    for (let j = spans; j < end; j += SPAN_BYTES) {
      if (i == j) continue;
      const there = load<u32>(j, 8);
      if (load<u32>(j, 12) - there == length && sameBytes(from as usize, there as usize, length)) return true;
      const other = load<u32>(j, 16);
      if (nameLength == 0 || load<u32>(j, 20) - other != nameLength) continue;
      if (sameBytes(name as usize, other as usize, nameLength)) return true;
    }
  }
  return false;
}

@inline
function kindOf(c: u8): u8 {
  return (c | CASE_BIT) == OPEN_BRACE ? c : 0;
}

function addSame(from: usize, to: usize, length: usize): void {
  setSame(eventsEnd, from, to, length);
  eventsEnd += EVENT_BYTES;
}

@inline
function setSame(event: usize, from: usize, to: usize, length: usize): void {
  store<u32>(event, SAME);
  store<u32>(event, (from - baseShift) as u32, 4);
  store<u32>(event, (to - targetShift) as u32, 8);
  store<u32>(event, length as u32, 12);
}

@inline
function setNothing(event: usize): void {
  store<u32>(event, SAME);
  store<u32>(event, 0, 12);
}

function setChange(
  event: usize,
  outcome: i32,
  step: u32,
  stepFrom: u32,
  stepTo: u32,
  aStart: usize,
  aEnd: usize,
  bStart: usize,
  bEnd: usize,
): void {
  const kind = kindOf(load<u8>(aStart));
  const otherKind = kindOf(load<u8>(bStart));
  const isInside = kind != 0 && kind == otherKind;
  const isEntered = outcome == SOME_SHARED || (outcome == NAMES_SHARED && step == STEP_BASE_NAME);
  store<u32>(event, isInside ? (isEntered ? ENTER : ENTER_UNSHARED) : CHANGED_VALUE);
  store<u32>(event, step, 4);
  store<u32>(event, stepFrom, 8);
  store<u32>(event, stepTo, 12);
  store<u32>(event, (aStart - baseShift) as u32, 16);
  store<u32>(event, (aEnd - baseShift) as u32, 20);
  store<u32>(event, (bStart - targetShift) as u32, 24);
  store<u32>(event, (bEnd - targetShift) as u32, 28);
  if ((kind | otherKind) != 0 && !(isInside && isEntered)) hasContainers = 1;
  if (!isInside) return;
  store<u32>(eventsEnd, LEAVE);
  eventsEnd += EVENT_BYTES;
}
