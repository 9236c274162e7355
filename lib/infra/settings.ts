// What a deployment chooses: read from the CDK context (`-c name=value`), checked before anything is built.

import { AWS_BOUNDS } from '../aws/names/bounds.ts';
import { LIMITS } from '../core/records/limits.ts';
import { type BusSettings, readBus } from './bus-settings.ts';
import { type CapacitySettings, readCapacity } from './capacity-settings.ts';
import {
  type Context,
  type Name,
  oneOf,
  type Read,
  SETTING_NAMES,
  wholeNumber,
  wrong,
} from './setting-names.ts';

export type Auth =
  | { kind: 'iam' }
  | {
      kind: 'jwt';
      issuer: string;
      audience: string;
      scopePrefix: string;
      resourcesClaim: string;
      /** With it the stack serves the console. */
      console?: ConsoleClient;
    }
  | { kind: 'none' };

/** What the console is to the issuer: a client that has no secret. */
export interface ConsoleClient {
  clientId: string;
  /** What it asks for, with spaces between. */
  scopes: string;
}

/** Absent where the stack serves no console. */
export function consoleOf({ auth }: Pick<Settings, 'auth'>): ConsoleClient | undefined {
  return auth.kind === 'jwt' ? auth.console : undefined;
}

export interface Settings extends BusSettings, CapacitySettings {
  /** Names the stack and the API's stage. */
  stage: string;
  /** Whether everything can be thrown away again: only the stage `dev` can. */
  disposable: boolean;
  auth: Auth;
  /** Days for which no version of a blob can be removed by anyone; absent for no lock. */
  objectLockDays?: number;
  objectLockMode: 'governance' | 'compliance';
  /** The one role that may remove versions, loosen what keeps them, and schedule the deletion of keys; absent for nobody. */
  breakGlassRoleArn?: string;
  /** Told of every alarm. */
  alarmEmail?: string;
  allowUnencrypted: boolean;
  /** Between a removal being marked and its bytes being swept. */
  graceSeconds: number;
  /** How long expiry waits where something looks wrong; 0 for not at all. */
  expiryHoldSeconds: number;
  /** How long the audit trail can be read in the table; 0: for ever. */
  auditDays: number;
  retentionEveryMinutes: number;
  /** Sweeps at once, where more has expired than one should do alone; 1 for never more than one. */
  sweepersMax: number;
  /** Calls a second of the whole API, beyond which callers get 429. */
  requestsPerSecondMax: number;
  /**
   * The logs of the API need a role that an account and region have one of: `own` sets it and leaves it there, `existing`
   * takes the one that is set, `none` writes no such logs.
   */
  apiLogs: 'own' | 'existing' | 'none';
  /** Keys that have wrapped data keys before: what they wrapped is still opened. */
  formerKeyArns: string[];
  /** Hosts with private addresses that sources may be read from. */
  sourcePrivateHosts: string[];
  /** Hosts with private addresses that notifications may be sent to. */
  notifyPrivateHosts: string[];
  /** Topics that notifications may go to. */
  notifyTopicArns: string[];
  /** What stands before the API's paths outside. */
  basePath: string;
  /** Jobs that are worked on at once. */
  workersMax: number;
  /** Absent: there is one copy. */
  replica?: Replica;
  /** What is there already, of a stack of before: the new one takes it over and makes none of its own. */
  adopted: Adopted;
}

/** Where the second copy is. */
export interface Replica {
  region: string;
  /** Absent: the same account. */
  elsewhere?: { account: string; sourceAccount: string };
  /** For so many days nobody can remove a version there; so long stays what was deleted here. */
  lockDays: number;
  lockMode: 'governance' | 'compliance';
}

/** Absent is what the stack makes itself. */
export interface Adopted {
  /** Holds the blobs and the trail. */
  bucketName?: string;
  /** Encrypts that bucket at rest. */
  storageKeyArn?: string;
  /** The catalog, or what was restored of it. */
  tableName?: string;
  /** Of that table; without it the trail is written each minute, and not within seconds. */
  tableStreamArn?: string;
  /** Has wrapped the data keys, and goes on to. */
  keyArn?: string;
}

/** Time to notice a mistaken DELETE, and to undelete. */
const GRACE_SECONDS = LIMITS.graceMs / 1000;

/** Less would let a mistaken DELETE take bytes before anybody notices it. */
const GRACE_SECONDS_MIN = 86_400;

/** More would only make each other's resources wait. */
const WORKERS_MAX = 10;
/** Of the ten executions that a new account has, so many are left to callers then. */
const SWEEPERS_MAX = 4;

/** Throws an Error that says which `-c` is wrong, and what it takes. */
export function readSettings(context: Context): Settings {
  const read = (name: Name): string | undefined => {
    const value = context(name);
    return value === undefined || value === null ? undefined : String(value);
  };
  const stage = read('stage') ?? 'prod';
  if (!/^[a-z][a-z0-9]{0,15}$/.test(stage)) throw wrong('stage', 'a lower-case word of up to 16 characters');
  const disposable = stage === 'dev';
  const graceSeconds = wholeNumber(read, 'graceSeconds', GRACE_SECONDS, 0, 365 * 86_400);
  if (graceSeconds < GRACE_SECONDS_MIN && !disposable) {
    throw wrong('graceSeconds', `at least ${GRACE_SECONDS_MIN} outside of the stage dev`);
  }
  const objectLock = read('objectLock');
  if (objectLock === undefined && read('objectLockMode') !== undefined) {
    throw new Error(
      '-c objectLockMode=... locks nothing by itself: say for how many days with -c objectLock=...',
    );
  }
  if (objectLock !== undefined && disposable) {
    throw new Error(
      '-c objectLock=... keeps what the stage dev is to throw away: take another stage (-c stage=...).',
    );
  }
  const breakGlassRoleArn = read('breakGlassRoleArn');
  if (breakGlassRoleArn !== undefined && !ROLE_ARN.test(breakGlassRoleArn)) {
    throw wrong('breakGlassRoleArn', 'the ARN of an IAM role');
  }
  const alarmEmail = read('alarmEmail');
  if (alarmEmail !== undefined && !EMAIL.test(alarmEmail)) throw wrong('alarmEmail', 'an e-mail address');
  const basePath = read('basePath') ?? `/${stage}`;
  if (!BASE_PATH.test(basePath))
    throw wrong('basePath', '/, or a path that begins with a slash and does not end with one');
  const adopted = readAdopted(read, disposable);
  const replica = readReplica(read, disposable, adopted);
  return {
    stage,
    disposable,
    ...(replica === undefined ? {} : { replica }),
    auth: readAuth(read, disposable),
    ...(objectLock === undefined ? {} : { objectLockDays: wholeNumber(read, 'objectLock', 0, 1, 36_500) }),
    objectLockMode: oneOf(read, 'objectLockMode', ['governance', 'compliance']),
    ...(breakGlassRoleArn === undefined ? {} : { breakGlassRoleArn }),
    ...(alarmEmail === undefined ? {} : { alarmEmail }),
    allowUnencrypted: oneOf(read, 'allowUnencrypted', ['false', 'true']) === 'true',
    graceSeconds,
    expiryHoldSeconds: wholeNumber(read, 'expiryHoldSeconds', 86_400, 0, 30 * 86_400),
    auditDays: wholeNumber(read, 'auditDays', LIMITS.auditDays, 0, LIMITS.auditDaysMax),
    retentionEveryMinutes: wholeNumber(read, 'retentionEveryMinutes', 15, 1, 1440),
    sweepersMax: wholeNumber(read, 'sweepersMax', SWEEPERS_MAX, 1, AWS_BOUNDS.sweepersMax),
    requestsPerSecondMax: wholeNumber(read, 'maxRequestsPerSecond', 200, 1, 10_000),
    workersMax: wholeNumber(read, 'workersMax', WORKERS_MAX, 2, 1000),
    ...readCapacity(read, adopted.tableName),
    ...readBus(read),
    apiLogs: oneOf(read, 'apiLogs', disposable ? ['none', 'own', 'existing'] : ['own', 'existing', 'none']),
    formerKeyArns: readKeyArns(read),
    sourcePrivateHosts: readHosts(read, 'sourcePrivateHosts'),
    notifyPrivateHosts: readHosts(read, 'notifyPrivateHosts'),
    notifyTopicArns: readTopicArns(read),
    basePath,
    adopted,
  };
}

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;
const BASE_PATH = /^(\/|(\/[\w.~-]+)+)$/;
const ROLE_ARN = /^arn:[\w-]+:iam::\d{12}:role\/[\w+=,.@/-]+$/;
const KEY_ARN = /^arn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+$/;

const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$/;

function readTopicArns(read: Read): string[] {
  const arns = (read('notifyTopicArns') ?? '').split(',').filter((arn) => arn !== '');
  if (!arns.every((arn) => TOPIC_ARN.test(arn)))
    throw wrong('notifyTopicArns', 'ARNs of SNS topics, with commas between them');
  return arns;
}

function readKeyArns(read: Read): string[] {
  const arns = (read('formerKeyArns') ?? '').split(',').filter((arn) => arn !== '');
  if (!arns.every((arn) => KEY_ARN.test(arn)))
    throw wrong('formerKeyArns', 'ARNs of KMS keys, with commas between them');
  return arns;
}

function readHosts(read: Read, name: Name): string[] {
  const hosts = (read(name) ?? '').split(',').filter((host) => host !== '');
  if (!hosts.every((host) => /^[A-Za-z0-9.:-]{1,253}$/.test(host)))
    throw wrong(name, 'names of hosts, with commas between them');
  return hosts;
}

/** What belongs together has to come together: blobs without their key at rest could not be read, and those of another table not be found. */
function readAdopted(read: Read, disposable: boolean): Adopted {
  const forms = {
    bucketName: [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'the name of a bucket'],
    storageKeyArn: [KEY_ARN, 'the ARN of a KMS key'],
    tableName: [/^[\w.-]{3,255}$/, 'the name of a table'],
    tableStreamArn: [
      /^arn:[\w-]+:dynamodb:[\w-]+:\d{12}:table\/[\w.-]+\/stream\/\S+$/,
      'the ARN of the stream of the table',
    ],
    keyArn: [KEY_ARN, 'the ARN of a KMS key'],
  } as const satisfies Record<keyof Adopted, readonly [RegExp, string]>;
  const adopted: Adopted = {};
  for (const [name, [form, takes]] of Object.entries(forms) as [keyof Adopted, readonly [RegExp, string]][]) {
    const value = read(name);
    if (value === undefined) continue;
    if (!form.test(value)) throw wrong(name, takes);
    adopted[name] = value;
  }
  const { bucketName, storageKeyArn, tableName, tableStreamArn, keyArn } = adopted;
  if (Object.keys(adopted).length > 0 && disposable) {
    throw new Error(
      'The stage dev is thrown away, and takes over nothing that is to be kept: take another stage (-c stage=...).',
    );
  }
  if (
    (bucketName === undefined) !== (storageKeyArn === undefined) ||
    (bucketName !== undefined && keyArn === undefined)
  ) {
    throw new Error(
      '-c bucketName=..., -c storageKeyArn=... and -c keyArn=... go together: blobs are read by both keys that they were written under.',
    );
  }
  if (tableName !== undefined && bucketName === undefined) {
    throw new Error(
      '-c tableName=... goes with -c bucketName=...: a table without its blobs restores nothing.',
    );
  }
  if (tableStreamArn !== undefined && tableName === undefined) {
    throw new Error('-c tableStreamArn=... goes with -c tableName=....');
  }
  return adopted;
}

const REPLICA_LOCK_DAYS = 30;

function readReplica(read: Read, disposable: boolean, { bucketName, keyArn }: Adopted): Replica | undefined {
  const region = read('replicaRegion');
  const account = read('replicaAccount');
  if (region === undefined) {
    const given = (
      ['replicaAccount', 'replicaSourceAccount', 'replicaLock', 'replicaLockMode'] as const
    ).find((name) => read(name) !== undefined);
    if (given === undefined) return undefined;
    throw new Error(`-c ${given}=... means nothing without -c replicaRegion=....`);
  }
  if (!/^[a-z]{2}(-[a-z]+)+-\d$/.test(region)) throw wrong('replicaRegion', 'a region, as eu-west-1');
  for (const name of ['replicaAccount', 'replicaSourceAccount'] as const) {
    if (!/^\d{12}$/.test(read(name) ?? '0'.repeat(12)))
      throw wrong(name, 'the number of an account, of 12 digits');
  }
  const sourceAccount = read('replicaSourceAccount');
  if ((account === undefined) !== (sourceAccount === undefined)) {
    throw new Error(
      '-c replicaAccount=... and -c replicaSourceAccount=... go together: each account lets in the other, whoever of them is asked to deploy.',
    );
  }
  if (disposable) {
    throw new Error(
      '-c replicaRegion=... keeps what the stage dev is to throw away: take another stage (-c stage=...).',
    );
  }
  if (bucketName !== undefined) {
    throw new Error(
      '-c bucketName=... is copied as whoever has made it says: leave out -c replicaRegion=....',
    );
  }
  if (keyArn !== undefined && !keyArn.includes(':key/mrk-')) {
    throw new Error(
      '-c keyArn=... with -c replicaRegion=... takes a key of several regions (its id begins with mrk-): another opens nothing elsewhere.',
    );
  }
  return {
    region,
    ...(account === undefined || sourceAccount === undefined
      ? {}
      : { elsewhere: { account, sourceAccount } }),
    lockDays: wholeNumber(read, 'replicaLock', REPLICA_LOCK_DAYS, 1, 36_500),
    lockMode: oneOf(read, 'replicaLockMode', ['governance', 'compliance']),
  };
}

function readAuth(read: Read, disposable: boolean): Auth {
  const kind = oneOf(read, 'auth', ['iam', 'jwt', 'none']);
  const ofJwt = SETTING_NAMES.filter((name) => name.startsWith('jwt'));
  if (kind !== 'jwt' && ofJwt.some((name) => read(name) !== undefined)) {
    throw new Error(`-c ${ofJwt.map((name) => `${name}=...`).join(', ')} mean nothing without -c auth=jwt.`);
  }
  if (kind === 'none' && !disposable) {
    throw new Error('-c auth=none lets everybody in: only the stage dev takes it (-c stage=dev).');
  }
  if (kind !== 'jwt') return { kind };
  const issuer = read('jwtIssuer');
  const audience = read('jwtAudience');
  if (issuer === undefined || !issuer.startsWith('https://')) throw wrong('jwtIssuer', 'an https URL');
  if (audience === undefined || !/^[^,\s]+(,[^,\s]+)*$/.test(audience)) {
    throw wrong('jwtAudience', 'the audience of the tokens, or several with commas between them');
  }
  const scopePrefix = read('jwtScopePrefix') ?? 'backups/';
  if (/\s/.test(scopePrefix)) throw wrong('jwtScopePrefix', 'what stands before a scope, without spaces');
  const resourcesClaim = read('jwtResourcesClaim') ?? 'backup_resources';
  if (resourcesClaim === '') throw wrong('jwtResourcesClaim', 'the name of a claim');
  const clientId = read('jwtConsoleClientId');
  if (clientId !== undefined && !/^\S+$/.test(clientId)) {
    throw wrong('jwtConsoleClientId', 'the id of a client that has no secret');
  }
  const scopes = read('jwtConsoleScopes');
  if (scopes !== undefined && clientId === undefined) {
    throw new Error('-c jwtConsoleScopes=... means nothing without -c jwtConsoleClientId=....');
  }
  if (scopes !== undefined && !/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(scopes)) {
    throw wrong('jwtConsoleScopes', 'scopes with a space between them');
  }
  const console = clientId === undefined ? {} : { console: { clientId, scopes: scopes ?? 'openid' } };
  return { kind, issuer, audience, scopePrefix, resourcesClaim, ...console };
}
