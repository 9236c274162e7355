// What a deployment chooses: read from the CDK context (`-c name=value`), checked before anything is built.

export type Auth = { kind: 'iam' } | { kind: 'jwt'; issuer: string; audience: string } | { kind: 'none' };

export interface Settings {
  /** Names the stack and the API's stage. */
  stage: string;
  /** Whether everything can be thrown away again: only the stage `dev` can. */
  disposable: boolean;
  auth: Auth;
  /** Days for which no version of a blob can be removed by anyone; absent for no lock. */
  objectLockDays?: number;
  objectLockMode: 'governance' | 'compliance';
  /** Told of every alarm. */
  alarmEmail?: string;
  allowUnencrypted: boolean;
  /** Between a removal being marked and its bytes being swept. */
  graceSeconds: number;
  retentionEveryMinutes: number;
  /** What stands before the API's paths outside. */
  basePath: string;
}

/** Less would let a mistaken DELETE take bytes before anybody notices it. */
const GRACE_SECONDS_MIN = 86_400;

type Context = (name: string) => unknown;

/** Throws an Error that says which `-c` is wrong, and what it takes. */
export function readSettings(context: Context): Settings {
  const read = (name: string): string | undefined => {
    const value = context(name);
    return value === undefined || value === null ? undefined : String(value);
  };
  const stage = read('stage') ?? 'prod';
  if (!/^[a-z][a-z0-9]{0,15}$/.test(stage)) throw wrong('stage', 'a lower-case word of up to 16 characters');
  const disposable = stage === 'dev';
  const graceSeconds = wholeNumber(read, 'graceSeconds', GRACE_SECONDS_MIN, 0, 365 * 86_400);
  if (graceSeconds < GRACE_SECONDS_MIN && !disposable) {
    throw wrong('graceSeconds', `at least ${GRACE_SECONDS_MIN} outside of the stage dev`);
  }
  const objectLock = read('objectLock');
  const alarmEmail = read('alarmEmail');
  return {
    stage,
    disposable,
    auth: readAuth(read),
    ...(objectLock === undefined ? {} : { objectLockDays: wholeNumber(read, 'objectLock', 0, 1, 36_500) }),
    objectLockMode: oneOf(read, 'objectLockMode', ['governance', 'compliance']),
    ...(alarmEmail === undefined ? {} : { alarmEmail }),
    allowUnencrypted: oneOf(read, 'allowUnencrypted', ['false', 'true']) === 'true',
    graceSeconds,
    retentionEveryMinutes: wholeNumber(read, 'retentionEveryMinutes', 15, 1, 1440),
    basePath: read('basePath') ?? `/${stage}`,
  };
}

function readAuth(read: (name: string) => string | undefined): Auth {
  const kind = oneOf(read, 'auth', ['iam', 'jwt', 'none']);
  if (kind !== 'jwt') return { kind };
  const issuer = read('jwtIssuer');
  const audience = read('jwtAudience');
  if (issuer === undefined || !issuer.startsWith('https://')) throw wrong('jwtIssuer', 'an https URL');
  if (audience === undefined || audience === '') throw wrong('jwtAudience', 'the audience of the tokens');
  return { kind, issuer, audience };
}

function oneOf<const T extends string>(
  read: (name: string) => string | undefined,
  name: string,
  values: readonly [T, ...T[]],
): T {
  const value = read(name);
  if (value === undefined) return values[0];
  const found = values.find((one) => one === value);
  if (found === undefined) throw wrong(name, `one of ${values.join(', ')}`);
  return found;
}

function wholeNumber(
  read: (name: string) => string | undefined,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const value = read(name);
  if (value === undefined) return fallback;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) throw wrong(name, `a whole number from ${min} to ${max}`);
  return number;
}

function wrong(name: string, takes: string): Error {
  return new Error(`-c ${name}=... takes ${takes}.`);
}
