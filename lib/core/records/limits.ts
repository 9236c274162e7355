// Every bound of the service, in one place, each with its reason. Units stand last in the names.

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND_MS = 1000;
const DAY_MS = 24 * 60 * 60 * SECOND_MS;

export const LIMITS = {
  /** A request body in the embedded home. Whole states go through it as a stream, past what a JavaScript string can hold. */
  bodyBytesMax: 4096 * MIB,
  /** Memory for bodies being received or processed at once, all requests together: a burst must not exhaust it. */
  inFlightBytesMax: 1536 * MIB,
  /** The same for bodies of at most `smallBodyBytesMax`, which no number of large ones may keep out. */
  smallInFlightBytesMax: 256 * MIB,
  /** Memory for states being loaded for readers, and for those that slow readers have not taken yet, all together. */
  readersBytesMax: 1024 * MIB,
  /** The same for states of at most a MiB, which no number of large ones may keep waiting. */
  smallReadersBytesMax: 256 * MIB,
  smallReadBytesMax: 1 * MIB,
  /** How long a reader waits for others to be done before it is asked to come back. */
  readerWaitMs: 5 * SECOND_MS,
  /** Texts of states kept in memory for the next delta on them. */
  keptBasesBytesMax: 256 * MIB,
  /** The same for states that were looked into last: two of the largest that are looked at in pages. */
  keptLooksBytesMax: 256 * MIB,
  /** What stands in a body beside `data`: it is parsed into objects, so it is kept small. */
  bodyFieldsBytesMax: 1 * MIB,
  /** A body of a route that takes no state. */
  smallBodyBytesMax: 1 * MIB,
  /** Arrays and objects inside each other. RFC 8259 lets an implementation bound it; ours is iterative, its users' parsers are not. */
  nestingDepthMax: 512,
  /** Resource ids, and prefixes, of one token: it is read with each call. */
  tokenResourcesMax: 100,
  /** Characters of a resource id, resource type, author, source or version. Fits KMS encryption context and index keys. */
  nameCharsMax: 256,
  /** Tags per backup, as in most clouds. */
  tagsMax: 50,
  tagKeyCharsMax: 128,
  tagValueCharsMax: 256,
  /** `customFields` as text: kept with each record, so that a record stays far under DynamoDB's 400 KB. */
  customFieldsBytesMax: 16 * KIB,
  customFieldsDepthMax: 8,
  idempotencyKeyCharsMax: 255,
  /** A JSON Pointer in a restore. */
  pointerCharsMax: 4096,
  /** 0 keeps for ever. Ten years is the longest retention the clouds' backup plans know. */
  retentionDaysMax: 3650,
  /** Deltas between a backup and its nearest whole state: bounds the cost and the fragility of a restore. */
  chainDeltasMax: 32,
  /** Deltas of a chain may weigh that much whatever their state weighs: below it, blobs cost by number, not by size. */
  chainDeltaBytesFree: 64 * KIB,
  /** Snapshot pointers per resource, for point-in-time restore (from the product's specification). */
  snapshotsMax: 100,
  /** How far `-1`, `-2` ... go back from the newest backup: one page of a list finds it. */
  momentsBackMax: 999,
  /** Ten years: what is expected more seldom is not expected. */
  expectEverySecondsMax: 315_360_000,
  /** What is said of a resource, as JSON: it stands in the head, which each create writes again. */
  settingsBytesMax: 8 * KIB,
  /** What the holder of a lock says of it, each: it stands in the head too. */
  lockInfoCharsMax: 1024,
  /** A state of Terraform: it is read to know its serial, and so is the one before it. Large ones have some ten megabytes. */
  terraformStateBytesMax: 64 * MIB,
  /** Arrays whose rows have an identity of their own, and members that name a row together. */
  identityArraysMax: 100,
  identityMembersMax: 8,
  /** Words that speak of secrets in one resource: all of them are looked for in each name. */
  sensitiveWordsMax: 100,
  sensitiveWordCharsMax: 64,
  /** A timeline: no screen has more columns, and so many narrow entries are read in a second. */
  timelineBucketsMax: 500,
  timelineBackupsMax: 100_000,
  /** Backups that one page of a list by tags looks at. */
  tagLooksMax: 1000,
  /** Bytes of one scalar in a look at a state: enough to judge most, and at most what a page holds in all. */
  shownTextBytesDefault: 2 * KIB,
  shownTextBytesMax: 1024 * KIB,
  /** The same in a history, whose pages have two for each backup. */
  historyTextBytesMax: 16 * KIB,
  /** Bytes of one value in a comparison. */
  diffValueBytesDefault: 64 * KIB,
  diffValueBytesMax: 1024 * KIB,
  maskCharsMax: 1024,
  /** Of the states that the chains of one page of a history begin with, together: some seconds of work, and never on the thread of the requests. */
  historyBytesMax: 1024 * MIB,
  listPageDefault: 50,
  listPageMax: 1000,
  /** How often a create rebuilds on a new head before it gives up. */
  commitAttemptsMax: 5,
  /** The same, with those that no other writer won but upkeep: each of its steps is a commit, and there are many. */
  commitAttemptsInAllMax: 100,
  /** How long an upload's URL takes a PUT; what was PUT is forgotten a day later. */
  uploadMs: 60 * 60 * SECOND_MS,
  /** How long an Idempotency-Key is remembered. */
  idempotencyMs: DAY_MS,
  /** Between a removal being marked and its bytes being swept: time to notice and to undelete. */
  graceMs: 7 * DAY_MS,
  /** What was undeleted after its expiry does not expire again before that: time to see to it. */
  undeletedMs: 7 * DAY_MS,
  /** How long expiry waits where the clock or a sweep looks wrong, or a policy has been narrowed: time to say no. */
  expiryHoldMs: DAY_MS,
  /** What has expired and is kept is decided again after so long, though nothing is known to have happened that could end it. */
  decidedForMs: 6 * 60 * 60 * SECOND_MS,
  /** The same for what stays only because its blob does not agree: somebody may be mending it. */
  disagreedForMs: 15 * 60 * SECOND_MS,
  /** How long the audit trail can be read in the catalog: more than a year. What is older stands in the trail beside the blobs. */
  auditDays: 400,
  auditDaysMax: 36_500,
  /** A lock cannot be shortened, so a wrong year must not last for ever. */
  lockMs: 3660 * DAY_MS,
  /** Policies that may go on to protect beside the one in force. */
  formerPoliciesMax: 20,
  /** Backups named in an answer that says what would expire. */
  namedExpiringMax: 100,
  /** Waits kept apart; more become one for the store. */
  expiryWaitsMax: 64,
  /** A part of a sweep of which nothing was heard for so long is taken by another sweep: longer than any runs. */
  sweepLeaseMs: 20 * 60 * SECOND_MS,
  /** A restore that has not finished by then has failed; its lease on the chain ends too. */
  operationMs: 60 * 60 * SECOND_MS,
  /** Finished operations are listed for that long. */
  operationHistoryDays: 90,
  /** How long the result of an asynchronous restore can be fetched. */
  resultMs: 60 * 60 * SECOND_MS,
  /** A warning is given on a backup that expires sooner than this. */
  expiryWarningDays: 7,
  /** A delta is kept only if its text is at most this part of the whole state; a whole state restores faster. */
  deltaPaysRatio: 0.6,
  /** The header of a sealed blob: bounds what is read before anything is authenticated. */
  blobHeaderBytesMax: 1 * MIB,
  /** What was set aside can be put back for that long. */
  quarantineMs: 30 * DAY_MS,
  /** Backups that a scrub proves each time, however young their last proof is. */
  scrubBackupsMin: 25,
  /** Beyond those it proves what has not been proven for so long, as far as its share of time goes. */
  scrubAgeMs: 30 * DAY_MS,
  /** So many blobs that no backup names, or that part of all, can be what accidents have left; more are an alarm. */
  orphansMax: 10,
  orphansRatioMax: 0.01,
  /** So many of them are held by one search, and set aside by it: of a million blobs, one in a hundred. */
  orphansHeldMax: 10_000,
  /** Lines of one segment of the trail, before compression. */
  trailSegmentBytesMax: 64 * MIB,
  /** Channels that are told: each costs every event a look. */
  channelsMax: 100,
  /** Characters: in any home their order is that of their bytes, as JSON writes them, six bytes each at most. */
  documentIdLength: 140,
  /** Schedules and sources: all of them are read for an overview. */
  schedulesMax: 1000,
  sourcesMax: 1000,
  /** By how much runs are spread: an hour is as long as anybody is ready to wait for a slot. */
  jitterSecondsMax: 3600,
  drillEveryMax: 1000,
  /** Slots that `next` tells of. */
  nextSlotsMax: 100,
  /** How often a run is begun: again where its worker is gone, or its source does not answer. */
  runAttemptsMax: 3,
  /** Before it is begun again; each further time waits twice as long. */
  runRetryMs: 60 * SECOND_MS,
  /** A run that nobody has moved for so long is nobody's: longer than any function may run. */
  runLeaseMs: 20 * 60 * SECOND_MS,
  /** Longer than any source is read for. */
  runMs: 6 * 60 * 60 * SECOND_MS,
  /** How long a connection may take that is only tried. */
  checkSourceMs: 20 * SECOND_MS,
  /** Runs are listed for that long; drills are evidence, and are kept as long as the trail is. */
  runHistoryDays: 90,
  drillHistoryDays: 400,
  /** Runs at once in one process. */
  runsAtOnceMax: 2,
  /** Tables whose rows a run and a drill tell of. */
  drillTablesMax: 100,
  /** Deliveries of a job before it is given up. */
  jobAttemptsMax: 5,
  /** Before a failed job is tried again the first time; each further time waits twice as long. */
  jobRetryMs: 2 * SECOND_MS,
  /** Between two tries of what waits for something to pass, once the first tries are spent: soon enough after a disk has room again. */
  jobAgainMs: 20 * SECOND_MS,
  /** A job that nobody has seen for so long is taken for lost, and sent again. */
  jobLostMs: 15 * 60 * SECOND_MS,
  /** A job not finished by then is delivered again. */
  jobVisibilityMs: 15 * 60 * SECOND_MS,
} as const;

/** How much of one state may stand in memory at once. */
export interface MemoryBounds {
  deltaStateBytesMax: number;
  heldStateBytesMax: number;
  heldBlobBytesMax: number;
}

export const MEMORY_BOUNDS: MemoryBounds = {
  /** A state that a delta is made of, or to: both stand in memory as text. What is longer is always stored whole. */
  deltaStateBytesMax: 512 * MIB,
  /** A longer state is restored as a stream: its blob is read three times, but never stands in memory. */
  heldStateBytesMax: 256 * MIB,
  /** Of a blob, or of a state packed on its way in: what is longer goes through a scratch file and is proven in the store. */
  heldBlobBytesMax: 64 * MIB,
};

export { DAY_MS };
