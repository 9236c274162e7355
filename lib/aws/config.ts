// The functions' settings: one table of checks over their environment, read once by whoever composes.

import { type BusChoice, busChoice } from '../core/bus-events.ts';
import { DAY_MS } from '../core/records/limits.ts';
import type { ObjectLock } from './blobs/object-lock.ts';
import { CAPACITY_MODES, type CapacityMode } from './names/capacity.ts';
import {
  AUTH_KINDS,
  type AuthKind,
  CONSOLE_ENV,
  type ConsoleEnvironment,
  ENV,
  type Environment,
  JWT_ENV,
  type JwtEnvironment,
} from './names/env.ts';
import { type RoutePatterns, readPatterns } from './names/route-patterns.ts';

type Env = Record<string, string | undefined>;

/** What is wrong with a value, or undefined. Plain functions: schemas would cost every cold start more than all else here. */
type Check = (value: string) => string | undefined;

const text: Check = (value) => (value === '' ? 'must not be empty' : undefined);
const url: Check = (value) => (URL.canParse(value) ? undefined : 'must be a URL');
const matching =
  (pattern: RegExp, fault: string): Check =>
  (value) =>
    pattern.test(value) ? undefined : fault;

const oneOf =
  (values: readonly string[]): Check =>
  (value) =>
    values.includes(value) ? undefined : `must be one of ${values.join(', ')}`;

const CHECKS = {
  [ENV.bucket]: text,
  [ENV.stagingBucket]: text,
  [ENV.table]: text,
  [ENV.tableCapacity]: oneOf(CAPACITY_MODES),
  [ENV.keyArn]: text,
  [ENV.formerKeyArns]: () => undefined,
  [ENV.queueUrl]: url,
  [ENV.deadLetterQueueUrl]: url,
  [ENV.eventBus]: text,
  [ENV.busEvents]: (value) => faultOf(() => busChoice(listOf(value))),
  [ENV.allowUnencrypted]: matching(/^(true|false)$/, 'must be true or false'),
  [ENV.graceSeconds]: matching(/^\d{1,8}$/, 'must be a whole number'),
  [ENV.expiryHoldSeconds]: matching(/^\d{1,8}$/, 'must be a whole number'),
  [ENV.auditDays]: matching(/^\d{1,5}$/, 'must be a whole number'),
  [ENV.objectLock]: matching(/^(\d{1,5} (governance|compliance))?$/, 'must be days and mode, or empty'),
  [ENV.retentionEveryMinutes]: matching(/^\d{1,5}$/, 'must be a whole number'),
  [ENV.sweepersMax]: matching(/^\d{1,2}$/, 'must be a whole number'),
  [ENV.metricsNamespace]: text,
  [ENV.sourcePrivateHosts]: () => undefined,
  [ENV.notifyPrivateHosts]: () => undefined,
  [ENV.basePath]: matching(/^(\/[\w.~-]+)*$/, 'must be empty or begin with a slash and not end with one'),
  [ENV.auth]: oneOf(AUTH_KINDS),
} satisfies Record<keyof Environment, Check>;

const JWT_CHECKS = {
  [JWT_ENV.issuer]: (value) =>
    url(value) ?? (new URL(value).protocol === 'https:' ? undefined : 'must be https'),
  [JWT_ENV.audience]: matching(/^[^,\s]+(,[^,\s]+)*$/, 'must be one or several, with commas between them'),
  [JWT_ENV.scopePrefix]: matching(/^\S*$/, 'must have no spaces'),
  [JWT_ENV.resourcesClaim]: text,
  [JWT_ENV.routes]: (value) => faultOf(() => readPatterns(value)),
} satisfies Record<keyof JwtEnvironment, Check>;

const CONSOLE_CHECKS = {
  [CONSOLE_ENV.issuer]: JWT_CHECKS[JWT_ENV.issuer],
  [CONSOLE_ENV.scopePrefix]: JWT_CHECKS[JWT_ENV.scopePrefix],
  [CONSOLE_ENV.clientId]: text,
  [CONSOLE_ENV.scopes]: text,
  [CONSOLE_ENV.audience]: text,
  [CONSOLE_ENV.basePath]: CHECKS[ENV.basePath],
  [CONSOLE_ENV.stagingOrigin]: url,
} satisfies Record<keyof ConsoleEnvironment, Check>;

/** What a reader has against a value. */
function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export interface AwsConfig {
  bucket: string;
  stagingBucket: string;
  table: string;
  tableCapacity: CapacityMode;
  keyArn: string;
  formerKeyArns: string[];
  queueUrl: string;
  deadLetterQueueUrl: string;
  eventBus: string;
  /** Which events go there. */
  goesToBus: BusChoice;
  allowUnencrypted: boolean;
  graceMs: number;
  expiryHoldMs: number;
  /** 0: for ever. */
  auditMs: number;
  /** Absent where blobs are not locked. */
  objectLock?: ObjectLock;
  retentionEveryMinutes: number;
  sweepersMax: number;
  metricsNamespace: string;
  basePath: string;
  auth: AuthKind;
  sourcePrivateHosts: string[];
  notifyPrivateHosts: string[];
  isKernelWanted: boolean;
}

export interface JwtConfig {
  issuer: string;
  audiences: string[];
  scopePrefix: string;
  resourcesClaim: string;
  routes: RoutePatterns;
}

export interface ConsoleConfig {
  issuer: string;
  scopePrefix: string;
  clientId: string;
  scopes: string;
  audience: string;
  basePath: string;
  stagingOrigin: string;
}

/** Throws an Error whose message names every setting that is wrong, and how. */
export function readConfig(env: Env): AwsConfig {
  const set = parse(CHECKS, env);
  return {
    bucket: set[ENV.bucket],
    stagingBucket: set[ENV.stagingBucket],
    table: set[ENV.table],
    tableCapacity: set[ENV.tableCapacity] as CapacityMode,
    keyArn: set[ENV.keyArn],
    formerKeyArns: listOf(set[ENV.formerKeyArns]),
    queueUrl: set[ENV.queueUrl],
    deadLetterQueueUrl: set[ENV.deadLetterQueueUrl],
    eventBus: set[ENV.eventBus],
    goesToBus: busChoice(listOf(set[ENV.busEvents])),
    allowUnencrypted: set[ENV.allowUnencrypted] === 'true',
    graceMs: Number(set[ENV.graceSeconds]) * 1000,
    expiryHoldMs: Number(set[ENV.expiryHoldSeconds]) * 1000,
    auditMs: Number(set[ENV.auditDays]) * DAY_MS,
    ...lockIn(set[ENV.objectLock]),
    retentionEveryMinutes: Number(set[ENV.retentionEveryMinutes]),
    sweepersMax: Number(set[ENV.sweepersMax]),
    metricsNamespace: set[ENV.metricsNamespace],
    basePath: set[ENV.basePath],
    auth: set[ENV.auth] as AuthKind,
    sourcePrivateHosts: listOf(set[ENV.sourcePrivateHosts]),
    notifyPrivateHosts: listOf(set[ENV.notifyPrivateHosts]),
    // No setting of the stack: for an operator who has to do without it on one function, by hand.
    isKernelWanted: env.BACKUP_KERNEL !== 'off',
  };
}

function lockIn(value: string): { objectLock?: ObjectLock } {
  if (value === '') return {};
  const [days, mode] = value.split(' ');
  return { objectLock: { days: Number(days), mode: mode as ObjectLock['mode'] } };
}

/** What stands between commas. */
function listOf(value: string): string[] {
  return value.split(',').filter((entry) => entry !== '');
}

/** The authorizer's settings. Throws like `readConfig`. */
export function readJwtConfig(env: Env): JwtConfig {
  const set = parse(JWT_CHECKS, env);
  return {
    issuer: set[JWT_ENV.issuer],
    audiences: listOf(set[JWT_ENV.audience]),
    scopePrefix: set[JWT_ENV.scopePrefix],
    resourcesClaim: set[JWT_ENV.resourcesClaim],
    routes: readPatterns(set[JWT_ENV.routes]),
  };
}

/** The settings of what serves the console. Throws like `readConfig`. */
export function readConsoleConfig(env: Env): ConsoleConfig {
  const set = parse(CONSOLE_CHECKS, env);
  return {
    issuer: set[CONSOLE_ENV.issuer],
    scopePrefix: set[CONSOLE_ENV.scopePrefix],
    clientId: set[CONSOLE_ENV.clientId],
    scopes: set[CONSOLE_ENV.scopes],
    audience: set[CONSOLE_ENV.audience],
    basePath: set[CONSOLE_ENV.basePath],
    stagingOrigin: set[CONSOLE_ENV.stagingOrigin],
  };
}

function parse<N extends string>(checks: Record<N, Check>, env: Env): Record<N, string> {
  const set: Partial<Record<N, string>> = {};
  const faults: string[] = [];
  for (const [name, check] of Object.entries(checks) as [N, Check][]) {
    const value = env[name];
    const fault = value === undefined ? 'is missing' : check(value);
    if (fault === undefined) set[name] = value as string;
    else faults.push(`${name}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(`The settings are not valid. ${faults.join('; ')}`);
  return set as Record<N, string>;
}
