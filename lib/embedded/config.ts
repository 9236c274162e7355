// The embedded home's settings: one schema over the environment, read once by whoever composes.

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { closest } from '../core/closest.ts';
import { BACKOFF_MS } from '../core/records/delivery.ts';
import { DAY_MS, LIMITS } from '../core/records/limits.ts';
import { faultOfHost } from '../http/server/access.ts';
import type { Folders } from './own-places.ts';
import type { SecretSettings } from './secrets.ts';
import type { SourceSettings } from './sources.ts';

const nonEmpty = z.string().check(z.minLength(1));
const wholeNumber = (least: number, most: number, otherwise: number) =>
  z._default(
    z.pipe(
      z.pipe(z.string().check(z.regex(/^-?\d+$/, 'must be a whole number')), z.transform(Number)),
      z
        .number()
        .check(z.minimum(least, `must be ${least} or more`), z.maximum(most, `must be ${most} or less`)),
    ),
    otherwise,
  );

const folders = z.pipe(
  z.string(),
  z.transform((list: string, context): Folders => {
    if (list.trim() === 'any') return 'any';
    const listed = list.split(':').filter((folder) => folder !== '');
    if (listed.some((folder) => !folder.startsWith('/'))) {
      const message = 'must be "any", or absolute paths with ":" between them';
      context.issues.push({ code: 'custom', message, input: list });
    }
    return listed;
  }),
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
  BACKUP_SCRUB_INTERVAL_SECONDS: wholeNumber(0, 30 * 86_400, 3600),
  BACKUP_GRACE_SECONDS: wholeNumber(0, 365 * 86_400, LIMITS.graceMs / 1000),
  BACKUP_EXPIRY_HOLD_SECONDS: wholeNumber(0, 30 * 86_400, LIMITS.expiryHoldMs / 1000),
  BACKUP_AUDIT_DAYS: wholeNumber(0, LIMITS.auditDaysMax, LIMITS.auditDays),
  BACKUP_COPY_TO: z.optional(nonEmpty),
  // As every tool of AWS takes them.
  AWS_ENDPOINT_URL: z.optional(z.string()),
  AWS_ENDPOINT_URL_S3: z.optional(z.string()),
  BACKUP_METRICS_RESOURCES: wholeNumber(0, 100_000, 1000),
  BACKUP_NOTIFY_BACKOFF_SECONDS: z._default(
    z.pipe(
      z
        .string()
        .check(
          z.regex(
            /^\d{1,7}(,\d{1,7}){0,29}$/,
            'must be up to 30 whole numbers of seconds with commas between them',
          ),
        ),
      z.transform((list: string) => list.split(',').map((seconds) => Number(seconds) * 1000)),
    ),
    [...BACKOFF_MS],
  ),
  BACKUP_NOTIFY_TIMEOUT_SECONDS: wholeNumber(1, 60, 15),
  BACKUP_NOTIFY_PRIVATE: z._default(z.enum(['true', 'false']), 'true'),
  BACKUP_KERNEL: z._default(z.enum(['on', 'off']), 'on'),
  BACKUP_SOURCE_FOLDERS: z._default(folders, []),
  BACKUP_SECRET_FOLDERS: z.optional(folders),
});

/** Where a second copy is kept: a folder, or a bucket of S3 or of a server that speaks it. */
export type CopyTo = { folder: string } | { bucket: string; endpoint?: string };

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
  /** 0: stored backups are not proven again by themselves. */
  scrubIntervalMs: number;
  graceMs: number;
  expiryHoldMs: number;
  /** 0: for ever. */
  auditMs: number;
  /** Where a second copy of blobs and trail is kept. */
  copyTo?: CopyTo;
  /** Of so many resources each has series of its own. */
  metricsResourcesMax: number;
  /** Between the attempts of a notification; one more than these is made. */
  notifyBackoffMs: readonly number[];
  /** Of one attempt. */
  notifyTimeoutMs: number;
  /** Whether receivers may have private addresses. */
  notifyPrivate: boolean;
  /** Where secrets may stand that sources and receivers name. */
  secrets: SecretSettings;
  isKernelWanted: boolean;
  /** What sources may have; without it none is read. */
  sources?: SourceSettings;
}

/** Names that others give: those of the command line, the id that the documentation's own shell lines keep, and what Kubernetes says of a service "backup". */
const NOT_OURS =
  /^BACKUP_(ID|URL|PROFILE|(.*_)?SERVICE_(HOST|PORT(_.*)?)|(.*_)?PORT(_\d+_(TCP|UDP)(_.*)?)?)$/;

/**
 * Throws an Error whose message names every setting that is wrong, and how. `hasTokens` says whether named tokens were ever
 * made in a data folder: they close a door as well as the one in the environment does.
 */
export function readConfig(
  env: Record<string, string | undefined>,
  hasTokens: (dataDir: string) => boolean = () => false,
): EmbeddedConfig {
  const unknown = faultsOfNames(env);
  const parsed = schema.safeParse(env, { error: en().localeError });
  const wrong = parsed.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  if (!parsed.success || unknown.length > 0) {
    throw new Error(`The settings are not valid. ${[...wrong, ...unknown].join('; ')}`);
  }
  const set = parsed.data;
  // The folder is looked at only where that decides: what is wrong with it is said by whoever opens it.
  const isOpen = !isLoopback(set.HOST) && set.BACKUP_API_TOKEN === undefined;
  if (isOpen && !hasTokens(set.BACKUP_DATA_DIR)) {
    throw new Error(
      `HOST is ${set.HOST}, which others can reach: set BACKUP_API_TOKEN, make a token with "npm run tokens", or leave HOST at 127.0.0.1.`,
    );
  }
  return {
    port: set.PORT,
    host: set.HOST,
    ...(set.BACKUP_API_TOKEN === undefined ? {} : { token: set.BACKUP_API_TOKEN }),
    // A relative path would be another one, or lead nowhere, once the folder that it is relative to is moved or removed.
    dataDir: resolve(set.BACKUP_DATA_DIR),
    allowedHosts: set.BACKUP_ALLOWED_HOSTS,
    bodyBytesMax: set.BACKUP_BODY_BYTES_MAX,
    allowUnencrypted: set.BACKUP_ALLOW_UNENCRYPTED === 'true',
    scrubIntervalMs: set.BACKUP_SCRUB_INTERVAL_SECONDS * 1000,
    retentionIntervalMs: set.BACKUP_RETENTION_INTERVAL_SECONDS * 1000,
    graceMs: set.BACKUP_GRACE_SECONDS * 1000,
    expiryHoldMs: set.BACKUP_EXPIRY_HOLD_SECONDS * 1000,
    auditMs: set.BACKUP_AUDIT_DAYS * DAY_MS,
    ...(set.BACKUP_COPY_TO === undefined
      ? {}
      : { copyTo: copyToOf(set.BACKUP_COPY_TO, set.AWS_ENDPOINT_URL_S3 || set.AWS_ENDPOINT_URL) }),
    metricsResourcesMax: set.BACKUP_METRICS_RESOURCES,
    notifyBackoffMs: set.BACKUP_NOTIFY_BACKOFF_SECONDS,
    notifyTimeoutMs: set.BACKUP_NOTIFY_TIMEOUT_SECONDS * 1000,
    notifyPrivate: set.BACKUP_NOTIFY_PRIVATE === 'true',
    secrets: { env, folders: set.BACKUP_SECRET_FOLDERS ?? secretFoldersOf(env) },
    isKernelWanted: set.BACKUP_KERNEL === 'on',
    // A database mostly stands in a private network, as this process does.
    sources: { folders: set.BACKUP_SOURCE_FOLDERS, privateHosts: 'any' },
  };
}

/** Where containers and systemd put the secrets that somebody has given to this service. */
function secretFoldersOf({ CREDENTIALS_DIRECTORY: given }: Record<string, string | undefined>): string[] {
  return ['/run/secrets', ...(given?.startsWith('/') ? [given] : [])];
}

/** A setting that nobody knows was meant to do something, and would not. */
const BUCKET = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?$/;

/** Throws an Error for what looks like a URL and is none of a bucket: as a folder it would be made beside the service, and copy nothing. */
function copyToOf(text: string, endpoint: string | undefined): CopyTo {
  const [, bucket] = BUCKET.exec(text) ?? [];
  if (bucket !== undefined)
    return { bucket, ...(endpoint === undefined || endpoint === '' ? {} : { endpoint }) };
  if (/^[a-z0-9+.-]+:\/\//i.test(text)) {
    throw new Error(
      `The settings are not valid. BACKUP_COPY_TO is ${text}: give a folder, or a bucket of its own as s3://bucket.`,
    );
  }
  return { folder: resolve(text) };
}

function faultsOfNames(env: Record<string, string | undefined>): string[] {
  const known = Object.keys(schema.shape);
  return Object.keys(env)
    .filter((name) => /^BACKUP_/i.test(name) && !known.includes(name) && !NOT_OURS.test(name))
    .map((name) => {
      const meant = closest(name, known);
      return `${name}: is not known${meant === undefined ? '' : `, did you mean ${meant}?`}`;
    });
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}
