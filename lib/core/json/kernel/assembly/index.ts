// What the kernel does for its host, ../kernel.ts: texts are given in pieces, in its own memory.

export { compact, spreadOut } from './compact';
export { hashRanges } from './hash';
export { lockstep } from './lockstep';
export { scan } from './scan';
export { beginTape, tapeEnd, tapePiece } from './tape';
