// The embedded home's settings: one schema over the environment, read once by whoever composes.

import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { LIMITS } from '../core/limits.ts';
import { faultOfHost } from '../http/access.ts';

const nonEmpty = z.string().check(z.minLength(1));
const wholeNumber = (least: number, most: number, otherwise: number) =>
  z._default(
    z.pipe(
      z.pipe(z.string().check(z.regex(/^\d+$/, 'must be a whole number')), z.transform(Number)),
      z.number().check(z.minimum(least), z.maximum(most)),
    ),
    otherwise,
  );

const schema = z.object({
  PORT: wholeNumber(0, 65_535, 3004),
  HOST: z._default(nonEmpty, '127.0.0.1'),
  BACKUP_API_TOKEN: z.optional(
    z.string().check(
      z.minLength(16, 'must have at least 16 characters'),
      // What no Authorization header could carry would lock everybody out.
      z.regex(/^[\x21-\x7e]+$/, 'must be visible ASCII without spaces'),
    ),
  ),
  BACKUP_DATA_DIR: z._default(nonEmpty, '.data'),
  BACKUP_ALLOWED_HOSTS: z._default(
    z.pipe(
      z.string(),
      z.transform((list: string, context) => {
        const hosts = list.split(',').map((host) => host.trim().toLowerCase());
        const named = hosts.filter((host) => host !== '');
        for (const host of named) {
          const message = faultOfHost(host);
          if (message !== undefined) context.issues.push({ code: 'custom', message, input: list });
        }
        return named;
      }),
    ),
    [],
  ),
  BACKUP_BODY_BYTES_MAX: wholeNumber(1024, LIMITS.bodyBytesMax, LIMITS.bodyBytesMax),
  BACKUP_ALLOW_UNENCRYPTED: z._default(z.enum(['true', 'false']), 'true'),
  BACKUP_RETENTION_INTERVAL_SECONDS: wholeNumber(1, 86_400, 3600),
  BACKUP_GRACE_SECONDS: wholeNumber(0, 365 * 86_400, LIMITS.graceMs / 1000),
});

export interface EmbeddedConfig {
  port: number;
  host: string;
  token?: string;
  dataDir: string;
  /** Names that callers may use for it beside those of loopback. */
  allowedHosts: readonly string[];
  bodyBytesMax: number;
  allowUnencrypted: boolean;
  retentionIntervalMs: number;
  graceMs: number;
}

/** Throws an Error whose message names every setting that is wrong, and how. */
export function readConfig(env: Record<string, string | undefined>): EmbeddedConfig {
  const parsed = schema.safeParse(env, { error: z.locales.en().localeError });
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new Error(`The settings are not valid. ${faults.join('; ')}`);
  }
  const set = parsed.data;
  if (!isLoopback(set.HOST) && set.BACKUP_API_TOKEN === undefined) {
    throw new Error(
      `HOST is ${set.HOST}, which others can reach: set BACKUP_API_TOKEN, or leave HOST at 127.0.0.1.`,
    );
  }
  return {
    port: set.PORT,
    host: set.HOST,
    ...(set.BACKUP_API_TOKEN === undefined ? {} : { token: set.BACKUP_API_TOKEN }),
    dataDir: set.BACKUP_DATA_DIR,
    allowedHosts: set.BACKUP_ALLOWED_HOSTS,
    bodyBytesMax: set.BACKUP_BODY_BYTES_MAX,
    allowUnencrypted: set.BACKUP_ALLOW_UNENCRYPTED === 'true',
    retentionIntervalMs: set.BACKUP_RETENTION_INTERVAL_SECONDS * 1000,
    graceMs: set.BACKUP_GRACE_SECONDS * 1000,
  };
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
