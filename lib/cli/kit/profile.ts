// Where the service is and who is calling: from flags, else the environment, else a profile in the user's config folder.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CliError } from './exit.ts';

/** What a profile may say; flags say the same. */
export interface Settings {
  url?: string;
  token?: string;
  /** A file that holds the token. */
  tokenFile?: string;
  auth?: 'token' | 'iam';
  region?: string;
  tz?: string;
}

const NAMES = ['url', 'token', 'tokenFile', 'auth', 'region', 'tz'];
const DEFAULT_URL = 'http://localhost:3004';

export function configPath(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CONFIG_HOME || join(homedir(), '.config');
  return join(base, 'backup-restore-service', 'config.json');
}

/** Throws CliError for a profile that is not there, or says what no profile says. */
export function resolveSettings(
  flags: Settings & { profile?: string },
  env: NodeJS.ProcessEnv,
): Settings & { url: string } {
  const name = flags.profile ?? env.BACKUP_PROFILE;
  const profile = profileOf(configPath(env), name);
  const fromEnv: Settings = {
    ...(env.BACKUP_URL ? { url: env.BACKUP_URL } : {}),
    ...(env.BACKUP_API_TOKEN ? { token: env.BACKUP_API_TOKEN } : {}),
  };
  const merged = { url: DEFAULT_URL, ...profile, ...fromEnv, ...defined(flags) };
  if (!/^https?:\/\//.test(merged.url))
    throw new CliError(`${merged.url} is no URL of a service: it begins with http:// or https://`);
  if (merged.tokenFile === undefined || merged.token !== undefined) return merged;
  try {
    return { ...merged, token: readFileSync(merged.tokenFile, 'utf8').trim() };
  } catch (cause) {
    throw new CliError(`the token cannot be read from ${merged.tokenFile}: ${(cause as Error).message}`);
  }
}

function profileOf(path: string, name: string | undefined): Settings {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    if (name === undefined) return {};
    throw new CliError(`there is no profile ${name}: ${path} is not there`);
  }
  let parsed: { default?: string; profiles?: Record<string, Settings> };
  try {
    parsed = JSON.parse(text) as typeof parsed;
  } catch (cause) {
    throw new CliError(`${path} is not JSON: ${(cause as Error).message}`);
  }
  const wanted = name ?? parsed.default;
  if (wanted === undefined) return {};
  const profile = Object.hasOwn(parsed.profiles ?? {}, wanted) ? parsed.profiles![wanted]! : undefined;
  if (profile === undefined) throw new CliError(`there is no profile ${wanted} in ${path}`);
  const unknown = Object.keys(profile).find((key) => !NAMES.includes(key));
  if (unknown !== undefined)
    throw new CliError(`profile ${wanted} in ${path}: ${unknown} is not known (${NAMES.join(', ')})`);
  return profile;
}

function defined(flags: Settings & { profile?: string }): Settings {
  return Object.fromEntries(
    NAMES.flatMap((name) => {
      const value = (flags as Record<string, unknown>)[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
