// Finds the containers of a text, and the children of the large ones: see ../../spans.ts. Every bracket is looked at, but commas
// and colons only in containers known to be large. When one turns out to be, its short beginning is read once more.

import {
  CONTAINERS,
  CONTAINERS_ROOM,
  ENTRIES,
  ENTRIES_ROOM,
  FRAME_FIRST,
  FRAME_KIND,
  FRAME_START,
  FRAMES_MAX,
  OPEN,
} from './layout';
import {
  BACKSLASH,
  CASE_BIT,
  CLOSE_BRACE,
  COLON,
  COMMA,
  equalTo,
  equalToEither,
  escapedBy,
  escapesBeyond,
  insideOf,
  lowest,
  OPEN_BRACE,
  QUOTE,
} from './masks';

/** Takes `entries` entries, and all finished containers. */
@external('env', 'take')
declare function take(entriesAt: usize, entries: u32, containers: u32): void;

// What a piece can come to.
const GOES_ON: i32 = 0;
const ENDED: i32 = 1;
const TOO_MANY: i32 = 2;
/** No memory, or nested too deep: for the host to do without. */
const NOT_HERE: i32 = 3;

let depth: i32 = 0;
/** Frames 1 to `active` are known to be large, and have their entries on the stack. */
let active: i32 = 0;
let openEnd: usize = OPEN;
let openRoom: usize = OPEN;
let entries: u32 = 0;
let containers: u32 = 0;
/** Entries of finished containers so far, and the most there may be. */
let kept: u32 = 0;
let keptMax: u32 = 0;
let bytesMin: u32 = 0;
let inString: u64 = 0;
let isEscaped: u64 = 0;
let endOfText: u32 = 0;
/** Added to an offset in the whole text, where it lies in memory. */
let shift: usize = 0;

export function beginTape(containerBytesMin: u32, entriesMax: u32): void {
  depth = 0;
  active = 0;
  openEnd = OPEN;
  openRoom = (memory.size() as usize) << 16;
  entries = 0;
  containers = 0;
  kept = 0;
  keptMax = entriesMax;
  bytesMin = containerBytesMin;
  inString = 0;
  isEscaped = 0;
}

/** Where the text's container has ended. */
export function tapeEnd(): u32 {
  return endOfText;
}

function frame(column: usize, at: i32): usize {
  return column + ((at as usize) << 2);
}

/** Room for `count` more open entries. */
function reserve(count: u32): bool {
  const needed = openEnd + ((count as usize) << 2);
  if (needed <= openRoom) return true;
  const missing = max(needed - openRoom, openRoom - OPEN);
  if (memory.grow(((missing + 0xffff) >>> 16) as i32) < 0) return false;
  openRoom = (memory.size() as usize) << 16;
  return true;
}

@inline
function push(entry: u32): void {
  store<u32>(openEnd, entry);
  openEnd += 4;
}

/** Puts the children of frame `at` that begin up to `upTo` on the stack. */
function activate(at: i32, upTo: u32): bool {
  const start = load<u32>(frame(FRAME_START, at));
  if (!reserve(upTo - start + 1)) return false;
  store<u32>(frame(FRAME_FIRST, at), openEnd as u32);
  const isObject = load<u8>(FRAME_KIND + at) == OPEN_BRACE;
  push(start + 1);
  let nested: i32 = 0;
  let p = shift + (start as usize) + 1;
  const end = shift + (upTo as usize);
  while (p < end) {
    const c = load<u8>(p++);
    const folded = c | CASE_BIT;
    if (c == QUOTE) {
      while (p < end) {
        const inner = load<u8>(p++);
        if (inner == QUOTE) break;
        if (inner == BACKSLASH) p++;
      }
    } else if (folded == OPEN_BRACE) nested++;
    else if (folded == CLOSE_BRACE) nested--;
    else if (nested == 0 && (c == COMMA || (isObject && c == COLON))) push((p - shift) as u32);
  }
  active = at;
  return true;
}

/** Puts the container of the innermost frame, which ends at `end`, among the finished ones. */
function keep(end: u32): bool {
  const first = load<u32>(frame(FRAME_FIRST, depth)) as usize;
  const count = ((openEnd - first) >>> 2) as u32;
  if (count > keptMax - kept) return false;
  if (entries + count > ENTRIES_ROOM || containers == CONTAINERS_ROOM) {
    take(ENTRIES, entries, containers);
    entries = 0;
    containers = 0;
  }
  const at = CONTAINERS + ((containers as usize) << 4);
  store<u32>(at, load<u32>(frame(FRAME_START, depth)));
  store<u32>(at, end, 4);
  store<u32>(at, kept, 8);
  store<u32>(at, count, 12);
  containers++;
  kept += count;
  if (count > ENTRIES_ROOM) {
    take(first, count, 0);
    return true;
  }
  memory.copy(ENTRIES + ((entries as usize) << 2), first, (count as usize) << 2);
  entries += count;
  return true;
}

/** Puts the children that begin behind the separators on the stack. */
@inline
function follow(separators: u64, offset: u32): void {
  let left = separators;
  while (left != 0) {
    push(offset + 1 + (ctz(left) as u32));
    left &= left - 1;
  }
}

/** Goes over the next `length` bytes of the text, which begin at `offset` in it and at `text` in memory. */
export function tapePiece(text: usize, offset: u32, length: i32): i32 {
  shift = text - (offset as usize);
  for (let at: i32 = 0; at < length; at += 64) {
    const p = text + at;
    const a = v128.load(p);
    const b = v128.load(p, 16);
    const c = v128.load(p, 32);
    const d = v128.load(p, 48);
    let quotes = equalTo(a, b, c, d, QUOTE);
    const backslashes = equalTo(a, b, c, d, BACKSLASH);
    if ((backslashes | isEscaped) != 0) {
      const escaped = escapedBy(backslashes, isEscaped);
      quotes &= ~escaped;
      isEscaped = escapesBeyond(backslashes, escaped);
    }
    const inside = insideOf(quotes) ^ inString;
    inString = 0 - (inside >> 63);
    const size = min(64, length - at);
    const outside = ~inside & lowest(size);
    const open = equalToEither(a, b, c, d, OPEN_BRACE) & outside;
    let brackets = open | (equalToEither(a, b, c, d, CLOSE_BRACE) & outside);
    const blockAt = offset + at;
    if (brackets == 0 && active < depth) {
      if (!activateLarge(blockAt + size)) return NOT_HERE;
      continue;
    }
    if (!reserve(65)) return NOT_HERE;
    const comma = equalTo(a, b, c, d, COMMA) & outside;
    const colon = equalTo(a, b, c, d, COLON) & outside;
    let done: u64 = 0;
    while (brackets != 0) {
      const bit = brackets & (0 - brackets);
      brackets ^= bit;
      if (active == depth) {
        const isObject = load<u8>(FRAME_KIND + depth) == OPEN_BRACE;
        follow((isObject ? comma | colon : comma) & (bit - 1) & ~done, blockAt);
      }
      done = bit | (bit - 1);
      const here = blockAt + (ctz(bit) as u32);
      if ((open & bit) != 0) {
        if (++depth == FRAMES_MAX) return NOT_HERE;
        store<u32>(frame(FRAME_START, depth), here);
        store<u8>(FRAME_KIND + depth, load<u8>(p + (ctz(bit) as usize)));
        continue;
      }
      const bytes = here + 1 - load<u32>(frame(FRAME_START, depth));
      if (bytes != 2 && (bytes >= bytesMin || depth == 1)) {
        while (active < depth) {
          const upTo = active + 1 < depth ? load<u32>(frame(FRAME_START, active + 2)) : here;
          if (!activate(active + 1, upTo)) return NOT_HERE;
        }
        if (!reserve(65)) return NOT_HERE;
        if (!keep(here + 1)) return TOO_MANY;
      }
      if (active == depth) openEnd = load<u32>(frame(FRAME_FIRST, active--)) as usize;
      if (--depth == 0) {
        take(ENTRIES, entries, containers);
        endOfText = here + 1;
        return ENDED;
      }
    }
    if (active == depth) {
      const isObject = load<u8>(FRAME_KIND + depth) == OPEN_BRACE;
      follow((isObject ? comma | colon : comma) & ~done, blockAt);
    } else if (!activateLarge(blockAt + size)) return NOT_HERE;
  }
  return GOES_ON;
}

/** Activates what has become large by `now`, so that never more than its beginning has to be read again. */
function activateLarge(now: u32): bool {
  while (active < depth && now - load<u32>(frame(FRAME_START, active + 1)) >= bytesMin) {
    const upTo = active + 1 < depth ? load<u32>(frame(FRAME_START, active + 2)) : now;
    if (!activate(active + 1, upTo)) return false;
  }
  return true;
}
