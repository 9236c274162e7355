// The AWS emulator that the tests run on: one that is started for them, or one that is running already. Plain Node can
// load this file, and so can the test runner.

import { EMULATOR_VARIABLE, EMULATORS, type EmulatorName } from './capabilities.ts';
import { localStack } from './localstack/server.ts';
import { miniStack } from './ministack.ts';
import { answers, startServer, untilReady } from './server-process.ts';

export interface Emulator {
  name: EmulatorName;
  endpoint: string;
  /** What AWS clients need in their environment to find it. */
  env: Record<string, string>;
  /** Whether it goes with this process; one that was running before stays, with all that was put into it. */
  isOurs: boolean;
  /** Ends it with all that it has started; does nothing to one that was running before. */
  stop(): Promise<void>;
}

const PROGRAMS = { ministack: miniStack, localstack: localStack };

/**
 * Takes the emulator at `AWS_ENDPOINT_URL` (LocalStack in Docker, for example), or starts the one that `TEST_EMULATOR` names,
 * MiniStack by default, which installs it on the first call. To be called from the project's folder.
 */
export async function startEmulator(): Promise<Emulator> {
  const running = process.env.AWS_ENDPOINT_URL;
  if (running !== undefined && running !== '') {
    await untilReady(`${running}/_localstack/health`);
    return { ...(await described(running)), isOurs: false, stop: async () => {} };
  }
  const { endpoint, stop } = await startServer(PROGRAMS[wanted()](process.cwd()));
  return { ...(await described(endpoint)), isOurs: true, stop };
}

function wanted(): EmulatorName {
  const name = process.env[EMULATOR_VARIABLE] ?? 'ministack';
  const found = EMULATORS.find((one) => one === name);
  if (found === undefined) throw new Error(`${EMULATOR_VARIABLE} is one of ${EMULATORS.join(', ')}`);
  return found;
}

async function described(endpoint: string): Promise<Pick<Emulator, 'name' | 'endpoint' | 'env'>> {
  // Both answer LocalStack's paths; only one its own.
  const name: EmulatorName = (await answers(`${endpoint}/_ministack/health`)) ? 'ministack' : 'localstack';
  return { name, endpoint, env: environmentOf(endpoint) };
}

/** What AWS clients need in their environment to find a server there. */
export function environmentOf(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Else the SDK asks for credentials where only a machine in AWS has them.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}
