// The names under which a function finds its settings: shared by the stack that sets them and the functions that read them.

export const ENV = {
  /** Sealed blobs. */
  bucket: 'BACKUP_BUCKET',
  /** Uploads and results on their way: nothing in it is a backup. */
  stagingBucket: 'BACKUP_STAGING_BUCKET',
  table: 'BACKUP_TABLE',
  /** How it is charged: one of CAPACITY_MODES. */
  tableCapacity: 'BACKUP_TABLE_CAPACITY',
  /** The key that wraps data keys. */
  keyArn: 'BACKUP_KEY_ARN',
  /** Keys that have wrapped data keys before, with commas between them; empty if there are none. */
  formerKeyArns: 'BACKUP_FORMER_KEY_ARNS',
  queueUrl: 'BACKUP_QUEUE_URL',
  deadLetterQueueUrl: 'BACKUP_DEAD_LETTER_QUEUE_URL',
  eventBus: 'BACKUP_EVENT_BUS',
  /** Which events go there, in words with commas between them (`lib/core/bus-events.ts`). */
  busEvents: 'BACKUP_BUS_EVENTS',
  allowUnencrypted: 'BACKUP_ALLOW_UNENCRYPTED',
  graceSeconds: 'BACKUP_GRACE_SECONDS',
  expiryHoldSeconds: 'BACKUP_EXPIRY_HOLD_SECONDS',
  auditDays: 'BACKUP_AUDIT_DAYS',
  /** Days and mode of the Object Lock of the blobs, as `30 compliance`; empty if they have none. */
  objectLock: 'BACKUP_OBJECT_LOCK',
  retentionEveryMinutes: 'BACKUP_RETENTION_EVERY_MINUTES',
  /** Sweeps at once, where much is to be done. */
  sweepersMax: 'BACKUP_SWEEPERS_MAX',
  metricsNamespace: 'BACKUP_METRICS_NAMESPACE',
  /** Hosts with private addresses that sources may be read from, with commas between them; empty if there are none. */
  sourcePrivateHosts: 'BACKUP_SOURCE_PRIVATE_HOSTS',
  /** The same, of hosts that notifications may be sent to. */
  notifyPrivateHosts: 'BACKUP_NOTIFY_PRIVATE_HOSTS',
  /** What stands before the API's paths outside, as `/prod`; empty if nothing does. */
  basePath: 'BACKUP_BASE_PATH',
  /** How the gateway finds out who is calling: one of AUTH_KINDS. */
  auth: 'BACKUP_AUTH',
} as const;

export const AUTH_KINDS = ['iam', 'jwt', 'none'] as const;
export type AuthKind = (typeof AUTH_KINDS)[number];

export type EnvName = (typeof ENV)[keyof typeof ENV];
export type Environment = Record<EnvName, string>;

/** The authorizer's own: it needs nothing else. */
export const JWT_ENV = {
  issuer: 'BACKUP_JWT_ISSUER',
  audience: 'BACKUP_JWT_AUDIENCE',
  /** What an issuer may put before our scopes; empty if nothing. */
  scopePrefix: 'BACKUP_JWT_SCOPE_PREFIX',
  /** The claim that names resources. */
  resourcesClaim: 'BACKUP_JWT_RESOURCES_CLAIM',
  /** The routes by scope, as JSON: so that the authorizer does not load the whole contract to know them. */
  routes: 'BACKUP_JWT_ROUTES',
} as const;

/** Of what serves the console. */
export const CONSOLE_ENV = {
  issuer: 'BACKUP_JWT_ISSUER',
  scopePrefix: 'BACKUP_JWT_SCOPE_PREFIX',
  clientId: 'BACKUP_CONSOLE_CLIENT_ID',
  /** What it asks the issuer for, with spaces between. */
  scopes: 'BACKUP_CONSOLE_SCOPES',
  /** For whom its tokens are to be. */
  audience: 'BACKUP_CONSOLE_AUDIENCE',
  basePath: 'BACKUP_BASE_PATH',
  /** Where uploads and results lie: the origin of their links. */
  stagingOrigin: 'BACKUP_CONSOLE_STAGING_ORIGIN',
} as const;

export type ConsoleEnvironment = Record<(typeof CONSOLE_ENV)[keyof typeof CONSOLE_ENV], string>;

/** Under which the custom resource that empties a bucket says which. */
export const EMPTIED_BUCKET = 'BucketName';

export type JwtEnvironment = Record<(typeof JWT_ENV)[keyof typeof JWT_ENV], string>;
