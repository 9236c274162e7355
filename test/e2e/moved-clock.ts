// A clock that a test moves under a running process: `Date` alone, timers go on.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './server.ts';

const DAY_MS = 86_400_000;

const PROGRAM = `
import { readFileSync } from 'node:fs';
const Real = Date;
const offset = () => Number(readFileSync(process.env.CLOCK_FILE, 'utf8'));
globalThis.Date = class extends Real {
  constructor(...parts) { parts.length > 0 ? super(...parts) : super(Real.now() + offset()); }
  static now() { return Real.now() + offset(); }
};
`;

export interface MovedClock {
  /** What a process needs to go by it. */
  env: Record<string, string>;
  set(offsetMs: number): void;
  setDays(offset: number): void;
}

export function moveClock(): MovedClock {
  const folder = temporaryFolder();
  const [program, file] = [join(folder, 'clock.mjs'), join(folder, 'offset')];
  const set = (offsetMs: number): void => writeFileSync(file, String(offsetMs));
  writeFileSync(program, PROGRAM);
  set(0);
  const env = { NODE_OPTIONS: `--import=${program}`, CLOCK_FILE: file };
  return { env, set, setDays: (offset) => set(offset * DAY_MS) };
}
