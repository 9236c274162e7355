// One emulator for all tests of a run; the workers find it in their environment.

import { EMULATOR_VARIABLE } from './capabilities.ts';
import { type Emulator, startEmulator } from './emulator.ts';

declare global {
  var awsEmulator: Emulator | undefined;
}

export default async function setUp(): Promise<void> {
  const emulator = await startEmulator();
  globalThis.awsEmulator = emulator;
  Object.assign(process.env, emulator.env, { [EMULATOR_VARIABLE]: emulator.name });
}
