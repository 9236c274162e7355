// Where things lie in the kernel's memory; ../kernel.ts has the same numbers.

/** Bytes of text looked at in one call. */
export const PIECE_BYTES: u32 = 0x10000;

export const RESULT: usize = 0x400;
/** The scanner's stack: kinds as bytes, marks as doubles. */
export const KINDS: usize = 0x1000;
export const MARKS: usize = 0x2000;
/** The piece of text, with what comes before it, and room for loads beyond its end. */
export const TEXT: usize = 0x10000;
/** The piece without white space. */
export const COMPACT: usize = 0x21000;
/** Frames of the tape's open containers. */
export const FRAMES_MAX: i32 = 4096;
export const FRAME_START: usize = 0x32000;
export const FRAME_FIRST: usize = 0x36000;
export const FRAME_KIND: usize = 0x3a000;
/** Finished entries and containers of the tape, until the host takes them. */
export const ENTRIES: usize = 0x40000;
export const ENTRIES_ROOM: u32 = 0x10000;
export const CONTAINERS: usize = 0x80000;
export const CONTAINERS_ROOM: u32 = 0x1000;
/** What is read in lockstep: a part of either text, events, and stacks of names and of elements. */
export const STEP_BASE: usize = 0x90000;
export const STEP_TARGET: usize = 0xa1000;
export const STEP_EVENTS: usize = 0xb2000;
export const STEP_EVENTS_ROOM: usize = 0x40000;
export const STEP_NAMES: usize = 0xf2000;
export const STEP_SPANS: usize = 0xf7000;
/** Entries of containers still open: the last part of the memory, which grows. */
export const OPEN: usize = 0x100000;
