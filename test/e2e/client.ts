// Talks to the service over HTTP, and never lets JSON.parse touch a state.

import { createHash } from 'node:crypto';
import type { BackupType } from '../../lib/core/records/model.ts';
import type { BackupView } from '../../lib/http/contract/backups-view.ts';
import type { OperationView } from '../../lib/http/contract/restores-view.ts';
import { type CheckAnswer, createAnswerCheck, type OpenApiDocument } from '../http/conformance.ts';

export interface Answer {
  status: number;
  headers: Headers;
  body: Buffer;
  /** The body, parsed. */
  json<T>(): T;
}

export interface CreateOptions {
  resourceId: string;
  /** JSON text, put into the body as it is. */
  state: string;
  type?: BackupType;
  /** Further members of the body. */
  more?: Record<string, unknown>;
  headers?: Record<string, string>;
}

export interface Problem {
  status: number;
  code: string;
  detail: string;
  errors?: { pointer: string; detail: string }[];
  [extra: string]: unknown;
}

export interface Client {
  /** Any request; a body is sent as JSON unless the headers say otherwise. */
  send(
    method: string,
    path: string,
    body?: string | Uint8Array,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  create(options: CreateOptions): Promise<Answer>;
  /** A create that must succeed. */
  backup(options: CreateOptions): Promise<BackupView>;
  restore(backupId: string, more?: Record<string, unknown>): Promise<Answer>;
  /** `at` is an RFC 3339 instant. */
  restoreAt(resourceId: string, at: string): Promise<Answer>;
  remove(backupId: string): Promise<Answer>;
  /** All pages, newest first. */
  list(): Promise<BackupView[]>;
  operations(): Promise<OperationView[]>;
}

export interface ClientOptions {
  /** Whether an answer comes from something that stands before the service, and knows nothing of its contract. */
  isForeign?: (answer: Answer) => boolean;
}

/** A client that holds every answer against the contract that the service itself gives. */
export function createClient(url: string, { isForeign = () => false }: ClientOptions = {}): Client {
  const contract = contractOf(url);
  const send: Client['send'] = async (method, path, body, headers = {}) => {
    const check = await contract();
    const answer = await ask(method, path, body, headers);
    if (!isForeign(answer)) check({ method, path: pathWithin(url, path), ...answer });
    return answer;
  };
  const ask: Client['send'] = async (method, path, body, headers = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body }),
    });
    return answerOf(response.status, response.headers, Buffer.from(await response.arrayBuffer()));
  };
  const create: Client['create'] = (options) =>
    send('POST', '/backups', createBody(options), options.headers);
  const post = (path: string, fields: unknown): Promise<Answer> => send('POST', path, JSON.stringify(fields));

  async function pages<T>(path: string, member: string): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await send('GET', `${path}?limit=500${query}`);
      if (answer.status !== 200) throw new Error(`${path} gave ${answer.status}: ${answer.body}`);
      const page = answer.json<Record<string, unknown>>();
      items.push(...(page[member] as T[]));
      cursor = page.nextCursor as string | undefined;
    } while (cursor !== undefined);
    return items;
  }

  return {
    send,
    create,
    async backup(options) {
      const answer = await create(options);
      if (answer.status !== 201) throw new Error(`a create gave ${answer.status}: ${answer.body}`);
      return answer.json<BackupView>();
    },
    restore: (backupId, more = {}) => post('/restore', { backupId, targetResourceId: 'restored', ...more }),
    restoreAt: (resourceId, timestamp) => post('/restore/point-in-time', { resourceId, timestamp }),
    remove: (backupId) => send('DELETE', `/backups/${backupId}`),
    list: () => pages<BackupView>('/backups', 'backups'),
    operations: () => pages<OperationView>('/restore/operations', 'operations'),
  };
}

/** Asked for with the first call; where that fails, with the next again. */
function contractOf(url: string): () => Promise<CheckAnswer> {
  let made: Promise<CheckAnswer> | undefined;
  const make = async (): Promise<CheckAnswer> => {
    const answer = await fetch(`${url}/openapi.json`);
    if (!answer.ok) throw new Error(`the contract cannot be had: ${answer.status} ${await answer.text()}`);
    return createAnswerCheck((await answer.json()) as OpenApiDocument);
  };
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}

/** As it is asked for: without steps like `..`. */
function pathWithin(url: string, path: string): string {
  return new URL(url + path).pathname.slice(new URL(url).pathname.replace(/\/$/, '').length);
}

export function answerOf(status: number, headers: Headers, body: Buffer): Answer {
  return { status, headers, body, json: <T>() => JSON.parse(body.toString()) as T };
}

/** The body of a create. The state goes in as text. */
export function createBody({ resourceId, state, type, more = {} }: CreateOptions): string {
  const fields = { resourceId, ...(type === undefined ? {} : { type }), ...more };
  return `${JSON.stringify(fields).slice(0, -1)},"data":${state}}`;
}

const DATA = ',"data":';
const AT_ONCE = 8;

/** The state in the answer to a restore, byte for byte. Throws if there is none. */
export function stateOf({ status, body }: Answer): Buffer {
  // Nothing in the operation before it can hold this: inside a string its quotation marks would be escaped.
  const at = body.indexOf(DATA);
  if (status !== 200 || at < 0) throw new Error(`a restore gave ${status}: ${body.subarray(0, 500)}`);
  return body.subarray(at + DATA.length, body.length - 1);
}

export function checksumOf(text: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** Does the same with all items, a few at a time. */
export async function forEach<T>(
  items: readonly T[],
  work: (item: T, i: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [i, item] of entries) await work(item, i);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
