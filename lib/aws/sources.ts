// What sources are read with here: secrets by name from Secrets Manager, no files, and of private hosts those that are named.

import type { Sources } from '../ports/source.ts';
import { createSources } from '../sources/sources.ts';
import { openSecrets } from './secrets.ts';

type Env = Record<string, string | undefined>;

export function openSources(env: Env, privateHosts: readonly string[]): Sources {
  return createSources({ secrets: openSecrets(env), privateHosts, folders: [] });
}
