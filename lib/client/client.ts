// The client of the service: fetch and Web Streams, and nothing else, so that it runs in browsers, Node, Deno, Bun and Workers.

import { type Answer, type CallInput, type CallOutput, type OperationId, PLACES } from './contract.ts';
import { BackupError } from './errors.ts';
import { type Restored, restored, StateAnswer } from './state.ts';
import { sha256Of } from './text.ts';
import { createTransport, sleep, type TransportOptions } from './transport.ts';

export type { Answer, CallInput, CallOutput, OperationId } from './contract.ts';
export { BackupError, type Fault } from './errors.ts';
export { type Restored, StateAnswer } from './state.ts';
export type { Sign, TransportOptions } from './transport.ts';

/** A state as JSON text. What gives a stream is asked anew for each try. */
export type State =
  | string
  | Uint8Array<ArrayBuffer>
  | Blob
  | (() => ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>);

export type Backup = Answer<'Backup'>;
export type Pending = Answer<'BackupRequest'>;
export type Receipt = Answer<'Receipt'>;
export type Operation = Answer<'Operation'>;

interface Signal {
  signal?: AbortSignal;
}

export interface WaitOptions extends Signal {
  /** Percent, as it rises. */
  onProgress?: (progress: number) => void;
}

type CreateBody = NonNullable<CallInput<'createBackup'>['body']>;

export interface CreateOptions extends Omit<CreateBody, 'resourceId' | 'uploadId'>, WaitOptions {
  /** Under the same key the same is made once; one is made without it. */
  idempotencyKey?: string;
  /** Whether a backup by upload is waited for; else it may come back pending. */
  wait?: boolean;
}

export interface StateOptions extends Signal {
  at?: string;
  ifNoneMatch?: string;
  range?: string;
  /** Not packed on its way: for a service that is near. */
  isPlain?: boolean;
}

type RestoreBody = NonNullable<CallInput<'restoreBackup'>['body']>;
type InstantBody = NonNullable<CallInput<'restorePointInTime'>['body']>;
export type RestoreOptions = Omit<RestoreBody, 'backupId' | 'targetResourceId' | 'plan'> & WaitOptions;
export type InstantOptions = Omit<InstantBody, 'resourceId' | 'timestamp' | 'plan'> & WaitOptions;

/** More than this is uploaded, and not sent within a call: gateways take no more. Bytes. */
const CALL_BYTES_MAX = 4 * 1024 * 1024;
/** Says of itself who reads a state of any size as it comes. */
const TAKES_LARGE = 'large-states-in-the-call';
const LOOK_MS = [100, 200, 400, 800, 1500];

type CallOptions = Signal & { headers?: Record<string, string>; isSafe?: boolean };

/** A client of the service at `url`. Its calls throw BackupError. */
export function createClient(options: TransportOptions) {
  const send = createTransport(options);

  /** Any route: the answer itself, good as it is. */
  async function raw<Id extends OperationId>(
    id: Id,
    input: Partial<CallInput<Id>>,
    { isSafe, headers, signal }: CallOptions = {},
  ): Promise<Response> {
    const { params, query, body } = input as { params?: object; query?: object; body?: unknown };
    const [method = '', path = ''] = PLACES[id].split(' ');
    const place = path.replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent((params as Record<string, string>)[name] ?? ''),
    );
    const asked = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      asked.map(([name, value]): [string, string] => [name, String(value)]),
    ).toString();
    const text = body === undefined ? undefined : JSON.stringify(body);
    return send({
      method,
      path: search === '' ? place : `${place}?${search}`,
      // Also where there is no body: without it a page's POST is one that any site's form could send, and is refused.
      headers: {
        ...(text === undefined && method !== 'POST' ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(text === undefined ? {} : { body: () => text }),
      ...(isSafe === undefined ? {} : { isSafe }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Any route, parsed. Values of states are better taken from `raw`: JavaScript's numbers do not hold all that JSON's do. */
  async function call<Id extends OperationId>(
    id: Id,
    input: CallInput<Id>,
    how: CallOptions = {},
  ): Promise<CallOutput<Id>> {
    return parsed<CallOutput<Id>>(await raw(id, input as Partial<CallInput<Id>>, how));
  }

  /** Every item of a list, page after page. */
  async function* every<T>(
    id: OperationId,
    input: { params?: object; query?: object },
    member: string,
    { signal }: Signal = {},
  ): AsyncGenerator<T, void, undefined> {
    let cursor: unknown;
    do {
      const query = { ...input.query, ...(cursor === undefined ? {} : { cursor }) };
      const asked = { ...input, query } as Partial<CallInput<OperationId>>;
      const page = await parsed<Record<string, unknown>>(
        await raw(id, asked, signal === undefined ? {} : { signal }),
      );
      yield* page[member] as T[];
      cursor = page.nextCursor;
    } while (cursor !== undefined);
  }

  /** Waits until a backup is made, or a restore is over. Throws BackupError `backup_failed` or `restore_failed`. */
  async function wait<T extends Pending | Backup | Receipt | Operation>(
    begun: T,
    { onProgress, signal }: WaitOptions = {},
  ): Promise<T extends Operation ? Operation : Backup | Receipt> {
    const isRestore = 'targetResourceId' in begun;
    let now: Pending | Backup | Receipt | Operation = begun;
    for (let look = 0; ; look++) {
      const { status, progress = 100 } = now as { status: string; progress?: number };
      onProgress?.(progress);
      if (status === 'failed') throw failed(now as Pending | Operation);
      if (status === 'completed' || status === 'deleted')
        return now as T extends Operation ? Operation : Backup;
      await sleep(LOOK_MS[Math.min(look, LOOK_MS.length - 1)]!, signal);
      const params = { id: begun.id };
      const how = signal === undefined ? {} : { signal };
      now = await call(isRestore ? 'getOperation' : 'getBackup', { params }, how);
    }
  }

  /** Takes a state of any size: in the call where the service takes it so or it has up to 4 MiB, else by an upload of its own. */
  async function create(
    resourceId: string,
    state: State,
    {
      signal,
      onProgress,
      idempotencyKey = crypto.randomUUID(),
      wait: waits = true,
      ...fields
    }: CreateOptions = {},
  ): Promise<Backup | Receipt | Pending> {
    const how = {
      isSafe: true,
      headers: { 'Idempotency-Key': idempotencyKey },
      ...(signal === undefined ? {} : { signal }),
    };
    const whole = typeof state === 'function' ? undefined : new Blob([state]);
    if (whole !== undefined && whole.size <= CALL_BYTES_MAX) {
      const head = JSON.stringify({ resourceId, ...fields }).slice(0, -1);
      // A state of its own beside the fields, byte for byte.
      const body = new Blob([head, ',"data":', whole, '}']);
      const headers = { ...how.headers, 'Content-Type': 'application/json' };
      return parsed(await send({ ...how, method: 'POST', path: '/backups', headers, body: () => body }));
    }
    if (waits && fields.metadata?.customFields === undefined && (await takesLarge())) {
      const made = await inTheCall(
        resourceId,
        whole ?? (state as () => ReadableStream<Uint8Array>),
        fields,
        how,
      );
      if (made !== undefined) {
        onProgress?.(100);
        return made;
      }
    }
    const uploadId = await upload(whole ?? (state as () => ReadableStream<Uint8Array>), signal);
    const begun = await call('createBackup', { body: { resourceId, ...fields, uploadId } }, how);
    const more = {
      ...(onProgress === undefined ? {} : { onProgress }),
      ...(signal === undefined ? {} : { signal }),
    };
    return waits ? wait(begun as Pending, more) : (begun as Pending);
  }

  /** Whether the service takes large states as they come: asked once, of what it says of itself. */
  let large: Promise<boolean> | undefined;
  function takesLarge(): Promise<boolean> {
    large ??= call('getServiceInfo', {}).then(({ features }) => features.includes(TAKES_LARGE));
    large.catch(() => {
      large = undefined;
    });
    return large;
  }

  /**
   * A large state, read by the service as it is sent: nothing of it is put aside first, and the backup is made when its last byte is there. Undefined
   * where there is no room for that now.
   */
  async function inTheCall(
    resourceId: string,
    state: Blob | (() => ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>),
    { metadata, ...fields }: Omit<CreateBody, 'resourceId' | 'uploadId'>,
    { headers, ...how }: { headers: Record<string, string> } & Signal,
  ): Promise<Backup | Receipt | undefined> {
    const { tags = {}, customFields: _none, ...about } = metadata ?? {};
    const tagged = Object.entries(tags).map(([name, value]) => [`tag.${name}`, value]);
    const query = { ...fields, ...about, ...Object.fromEntries(tagged) };
    const asked = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, String(value)]));
    // What is read anew for another try may be another state by then: the same key would be refused for it.
    const key = state instanceof Blob ? headers : {};
    try {
      return await parsed<Backup | Receipt>(
        await send({
          ...how,
          method: 'PUT',
          path: `/resources/${encodeURIComponent(resourceId)}/state?${search}`,
          headers: { ...key, 'Content-Type': 'application/json' },
          body: () => (state instanceof Blob ? state : streamOf(state())),
        }),
      );
    } catch (error) {
      if (error instanceof BackupError && error.status === 429) return undefined;
      throw error;
    }
  }

  async function upload(
    state: Blob | (() => ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>),
    signal?: AbortSignal,
  ): Promise<string> {
    const how = signal === undefined ? {} : { signal };
    const told =
      state instanceof Blob ? { bytes: state.size, sha256: await sha256Of(await state.arrayBuffer()) } : {};
    const {
      uploadId,
      url,
      headers = {},
    } = await call('createUpload', { body: told }, { isSafe: true, ...how });
    // Where a store of its own takes it, it has to be told how much comes.
    const isOurs = new URL(url).origin === new URL(options.url).origin;
    const content = state instanceof Blob || isOurs ? state : await blobOf(state);
    await send({
      method: 'PUT',
      path: url,
      headers: { 'Content-Type': 'application/json', ...headers },
      body: () => (content instanceof Blob ? content : streamOf(content())),
      ...how,
    });
    return uploadId;
  }

  async function restore(
    id: 'restoreBackup' | 'restorePointInTime',
    body: object,
    { signal, onProgress }: WaitOptions,
  ): Promise<Restored> {
    const how = signal === undefined ? {} : { signal };
    const answer = await raw(id, { body } as Partial<CallInput<typeof id>>, how);
    if (answer.status === 200) return restored(await answer.text());
    const { operation } = await parsed<{ operation: Operation }>(answer);
    const done = await wait(operation, { ...how, ...(onProgress === undefined ? {} : { onProgress }) });
    const result = await raw('getOperationResult', { params: { id: done.id } }, how);
    const location = result.headers.get('location');
    const text =
      location === null
        ? result
        : await send({ method: 'GET', path: new URL(location, options.url).href, ...how });
    return { operation: done, text: await text.text() };
  }

  /** The state of a resource at a moment: its own text, proven against its checksum as it is read. */
  async function state(
    resourceId: string,
    { at, ifNoneMatch, range, isPlain, signal }: StateOptions = {},
  ): Promise<StateAnswer> {
    const asked = { params: { resourceId }, query: at === undefined ? {} : { at } };
    const headers = {
      ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
      ...(range === undefined ? {} : { Range: range }),
      ...(isPlain ? { 'Accept-Encoding': 'identity' } : {}),
    };
    return new StateAnswer(
      await raw('getState', asked, { headers, ...(signal === undefined ? {} : { signal }) }),
    );
  }

  return {
    call,
    raw,
    wait,
    create,
    state,
    /** Of a backup: its state, and the operation that gave it. */
    restore: (
      backupId: string,
      targetResourceId: string,
      { signal, onProgress, ...body }: RestoreOptions = {},
    ) => restore('restoreBackup', { backupId, targetResourceId, ...body }, given({ signal, onProgress })),
    /** Of an instant (RFC 3339). */
    restoreAt: (
      resourceId: string,
      timestamp: string,
      { signal, onProgress, ...body }: InstantOptions = {},
    ) => restore('restorePointInTime', { resourceId, timestamp, ...body }, given({ signal, onProgress })),
    /** What a restore would do. */
    plan: async (
      body: Omit<RestoreBody, 'plan'> | Omit<InstantBody, 'plan'>,
    ): Promise<Answer<'PlannedRestore'>['plan']> => {
      const id = 'backupId' in body ? 'restoreBackup' : 'restorePointInTime';
      const asked = { body: { ...body, plan: true } } as Partial<CallInput<typeof id>>;
      return (await parsed<Answer<'PlannedRestore'>>(await raw(id, asked, { isSafe: true }))).plan;
    },
    resources: (query: CallInput<'listResources'>['query'] = {}, how?: Signal) =>
      every<Answer<'Resource'>>('listResources', { query }, 'resources', how),
    backups: (query: CallInput<'listBackups'>['query'] = {}, how?: Signal) =>
      every<Backup | Pending>('listBackups', { query }, 'backups', how),
    backupsOf: (resourceId: string, query: CallInput<'listResourceBackups'>['query'] = {}, how?: Signal) =>
      every<Backup>('listResourceBackups', { params: { resourceId }, query }, 'backups', how),
    history: (resourceId: string, query: CallInput<'getHistory'>['query'] = {}, how?: Signal) =>
      every<Answer<'PathChange'>>('getHistory', { params: { resourceId }, query }, 'changes', how),
    operations: (query: CallInput<'listOperations'>['query'] = {}, how?: Signal) =>
      every<Operation>('listOperations', { query }, 'operations', how),
    audit: (query: CallInput<'listEvents'>['query'] = {}, how?: Signal) =>
      every<Answer<'AuditEvent'>>('listEvents', { query }, 'events', how),
    sources: (query: CallInput<'listSources'>['query'] = {}, how?: Signal) =>
      every<Answer<'Source'>>('listSources', { query }, 'sources', how),
    schedules: (query: CallInput<'listSchedules'>['query'] = {}, how?: Signal) =>
      every<Answer<'Schedule'>>('listSchedules', { query }, 'schedules', how),
    runs: (query: CallInput<'listRuns'>['query'] = {}, how?: Signal) =>
      every<Answer<'Run'>>('listRuns', { query }, 'runs', how),
    drills: (query: CallInput<'listDrills'>['query'] = {}, how?: Signal) =>
      every<Answer<'Drill'>>('listDrills', { query }, 'drills', how),
    backup: (id: string) => call('getBackup', { params: { id } }),
    remove: (id: string) => call('deleteBackup', { params: { id } }),
    undelete: (id: string) => call('undeleteBackup', { params: { id } }),
    protect: (id: string, body: NonNullable<CallInput<'protectBackup'>['body']>) =>
      call('protectBackup', { params: { id }, body }, { isSafe: true }),
    verify: (id: string) => call('verifyBackup', { params: { id } }, { isSafe: true }),
    tree: (resourceId: string, query: CallInput<'getTree'>['query'] = {}) =>
      call('getTree', { params: { resourceId }, query }),
    /** As text: what it holds of states is exact in that alone. */
    diff: async (resourceId: string, query: CallInput<'getDiff'>['query'] = {}) =>
      (await raw('getDiff', { params: { resourceId }, query })).text(),
    delta: async (id: string) => (await raw('getBackupDelta', { params: { id } })).text(),
    timeline: (resourceId: string, query: CallInput<'getTimeline'>['query'] = {}) =>
      call('getTimeline', { params: { resourceId }, query }),
    health: () => call('getHealth', {}),
  };
}

export type Client = ReturnType<typeof createClient>;

async function parsed<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (cause) {
    throw new BackupError('bad_answer', 'What came is not JSON', {
      status: response.status,
      headers: response.headers,
      cause,
    });
  }
}

function failed(ended: Pending | Operation): BackupError {
  if ('targetResourceId' in ended) {
    return new BackupError('restore_failed', ended.validationErrors.join(' ') || `${ended.id} has failed`, {
      problem: { operationId: ended.id },
    });
  }
  const { code = 'backup_failed', detail = `${ended.id} has failed` } = ended.failure ?? {};
  return new BackupError('backup_failed', detail, { problem: { code, backupId: ended.id } });
}

/** What is there of it. */
function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

function streamOf(
  source: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): ReadableStream<Uint8Array> {
  if (source instanceof ReadableStream) return source;
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      await iterator.return?.(reason);
    },
  });
}

function blobOf(source: () => ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>): Promise<Blob> {
  return new Response(streamOf(source()) as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
}
