// The names that `-c` takes, and how one is read.

/** Every name that `-c` takes. */
export const SETTING_NAMES = [
  'stage',
  'auth',
  'jwtIssuer',
  'jwtAudience',
  'jwtScopePrefix',
  'jwtResourcesClaim',
  'jwtConsoleClientId',
  'jwtConsoleScopes',
  'objectLock',
  'objectLockMode',
  'breakGlassRoleArn',
  'alarmEmail',
  'allowUnencrypted',
  'graceSeconds',
  'expiryHoldSeconds',
  'auditDays',
  'retentionEveryMinutes',
  'sweepersMax',
  'maxRequestsPerSecond',
  'workersMax',
  'warmWriteUnits',
  'provisionedWriteUnits',
  'provisionedReadUnits',
  'archiveDays',
  'busEvents',
  'apiLogs',
  'formerKeyArns',
  'sourcePrivateHosts',
  'notifyPrivateHosts',
  'notifyTopicArns',
  'basePath',
  'replicaRegion',
  'replicaAccount',
  'replicaSourceAccount',
  'replicaLock',
  'replicaLockMode',
  'bucketName',
  'storageKeyArn',
  'tableName',
  'tableStreamArn',
  'keyArn',
] as const;

export type Name = (typeof SETTING_NAMES)[number];
export type Context = (name: Name) => unknown;
/** Gives what was said of a name, as text. */
export type Read = (name: Name) => string | undefined;

/**
 * Throws an Error for a name that looks like one of ours and is none: it would be passed over in silence, and whoever meant
 * it would have, for example, no lock. Names of the CDK itself hold a colon.
 */
export function refuseUnknownNames(names: readonly string[]): void {
  const unknown = names.filter(
    (name) =>
      !name.includes(':') &&
      !(SETTING_NAMES as readonly string[]).includes(name) &&
      !OF_THE_CDK.includes(name),
  );
  if (unknown.length === 0) return;
  throw new Error(`-c ${unknown[0]}=... is not known; there are ${SETTING_NAMES.join(', ')}.`);
}

/** What the CDK puts into the context itself, without a colon. */
const OF_THE_CDK: readonly string[] = ['tree', 'analytics'];

/** The first of the values where nothing is said. Throws an Error for another. */
export function oneOf<const T extends string>(read: Read, name: Name, values: readonly [T, ...T[]]): T {
  const value = read(name);
  if (value === undefined) return values[0];
  const found = values.find((one) => one === value);
  if (found === undefined) throw wrong(name, `one of ${values.join(', ')}`);
  return found;
}

/** Throws an Error for what is none, or beyond its bounds. */
export function wholeNumber(read: Read, name: Name, fallback: number, min: number, max: number): number {
  const value = read(name);
  if (value === undefined) return fallback;
  const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max)) throw wrong(name, `a whole number from ${min} to ${max}`);
  return number;
}

/** Absent where it is not given. Throws an Error as `wholeNumber`. */
export function given<N extends Name>(
  read: Read,
  name: N,
  min: number,
  max: number,
): { [name in N]?: number } {
  const none: { [name in N]?: number } = {};
  return read(name) === undefined ? none : { ...none, [name]: wholeNumber(read, name, min, min, max) };
}

/** Says which `-c` is wrong, and what it takes. */
export function wrong(name: Name, takes: string): Error {
  return new Error(`-c ${name}=... takes ${takes}.`);
}
