// Bounds that AWS sets, where they are tighter than our own. Units stand last in the names.

const MIB = 1024 * 1024;

export const AWS_BOUNDS = {
  /**
   * A body in a call, either way. A function takes and gives 6 MB at most, of which base64 leaves three quarters; bodies
   * travel as base64, because as text they would grow with every quote in them, and bytes that are no UTF-8 would be replaced unseen.
   */
  bodyBytesMax: 4 * MIB,
  /** The largest state that can be uploaded, as on one machine; S3 takes 5 GiB in one PUT. */
  uploadBytesMax: 4 * 1024 * MIB,
  /** A larger one is always stored whole: the worker holds a state, its base and their delta in memory at once. */
  deltaStateBytesMax: 256 * MIB,
  /** A larger one is not verified in a call, which has 29 seconds. */
  verifyBytesMax: 1024 * MIB,
  /** For what is on its way and does not fit into memory: the largest state, if it does not compress at all, and some room. */
  scratchMiB: 6 * 1024,
  /**
   * How long the credentials of a function last, from the start of its environment: URLs that it presigned have ended after
   * that time (boto3, issue 2392). AWS does not tell it, but replaces environments within hours, long before.
   */
  credentialsMs: 12 * 60 * 60 * 1000,
  /** An API call must be answered within 29 seconds. */
  apiSeconds: 29,
  /** A job must end before its message is delivered again (`jobVisibilityMs`). */
  workerSeconds: 14 * 60,
  /** The longest that a function may run. */
  retentionSeconds: 15 * 60,
  /** Resources that a sweep works on at once: each waits for one call at a time, mostly, and the clients have 96 sockets each. */
  resourcesAtOnce: 64,
  /** Sweeps at once, at most: as many as the lists have parts. */
  sweepersMax: 16,
  /** The longest that proving stored backups goes on in one sweep. */
  scrubMs: 60_000,
  /** Between two searches for blobs that nothing names: each lists every blob there is, and what it finds only a crash can have left. */
  orphansRestMs: 7 * 24 * 60 * 60 * 1000,
  /** Of more blobs it is looked weekly whether they are all there, of fewer after each sweep: it reads every record. */
  censusBlobsMax: 20_000,
  /** The longest that emptying a bucket that is thrown away may take; destroyed again, it goes on. */
  emptyingSeconds: 15 * 60,
  /** The longest that a run of a schedule may take here; what is larger is backed up by who stands beside it. */
  schedulesSeconds: 15 * 60,
  /** What a run keeps of its time to say how it ended. */
  schedulesMarginMs: 60_000,
  /** What a sweep keeps of its time to end the step it is in. */
  retentionMarginMs: 60_000,
  /** The longest that a run of the trail may take: a kick of the stream waits for the one before it. */
  trailSeconds: 2 * 60,
  /** What such a run keeps of its time to end the segment that it is at. */
  trailMarginMs: 30_000,
  /** How long the stream gathers before it tells: a commit a second then makes a segment in so long, not one each. */
  trailGatherSeconds: 5,
  /** The longest that telling others may go on at a time; what is left the next minute's run sends. */
  notifySeconds: 2 * 60,
  notifyMarginMs: 10_000,
  /** Of one attempt. */
  notifyTimeoutMs: 15_000,
  /** So long a function writes on after another has proven that the table has lost commits. */
  trustMs: 60_000,
} as const;
