// Runs what makes and uses generated clients, in folders that git ignores.

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** What is installed and generated for this test. */
export const CACHE = resolve('.venv-clients');

/** What the program wrote. Throws an Error with all that it said, if it fails. */
export async function run(
  file: string,
  args: string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  try {
    return (await execute(file, args, options)).stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${file} ${args.slice(0, 2).join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
  }
}
