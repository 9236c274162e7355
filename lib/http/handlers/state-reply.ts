// A state as an answer of its own bytes: whole, in part, packed, or not at all where the caller has it.

import { ServiceError } from '../../core/records/errors.ts';
import type { OpenState } from '../../service/contract/looks.ts';
import { formatInstant } from '../contract/instant.ts';
import { namesTag, parseRange, takesGzip } from '../contract/range.ts';
import { replyText } from './reply.ts';

/** What the caller says of the bytes that it wants. */
export interface ReadHeaders {
  range?: string;
  'if-range'?: string;
  'if-none-match'?: string;
  'accept-encoding'?: string;
}

/** Nothing is loaded where the head says it all. Throws ServiceError `range_not_satisfiable`, and as `OpenState.read`. */
export async function replyState(state: OpenState, asked: ReadHeaders, isHead: boolean): Promise<Response> {
  const { size, checksum } = state.record;
  const plainTag = `"sha256:${checksum}"`;
  const packedTag = `"sha256:${checksum};gzip"`;
  // A part is always one of the state's own bytes, so that those who resume get what they began with.
  const isPartWanted = asked['if-range'] === undefined || asked['if-range'].trim() === plainTag;
  const range = isPartWanted ? parseRange(asked.range, size) : undefined;
  const isPacked = range === undefined && takesGzip(asked['accept-encoding']);
  const headers = { ...headersOf(state), ETag: isPacked ? packedTag : plainTag };
  if (namesTag(asked['if-none-match'], [plainTag, packedTag])) {
    return new Response(null, { status: 304, headers });
  }
  if (range === 'unsatisfiable') {
    throw new ServiceError('range_not_satisfiable', `The state has ${size} bytes.`, { extra: { size } });
  }
  const part = range === undefined ? {} : { 'Content-Range': `bytes ${range.from}-${range.to - 1}/${size}` };
  const status = range === undefined ? 200 : 206;
  const coding = isPacked ? { 'Content-Encoding': 'gzip' } : {};
  if (isHead) {
    const bytes = range === undefined ? size : range.to - range.from;
    const length = isPacked ? {} : { 'Content-Length': String(bytes) };
    const type = { 'Content-Type': 'application/json' };
    return new Response(null, { status, headers: { ...headers, ...part, ...coding, ...type, ...length } });
  }
  const text = replyText(status, await state.read(range), { ...headers, ...part });
  return isPacked ? packed(text, coding) : text;
}

function headersOf({ record, at, ageMs, exact }: OpenState): Record<string, string> {
  return {
    'Accept-Ranges': 'bytes',
    Vary: 'Accept-Encoding',
    'Last-Modified': new Date(record.createdAt).toUTCString(),
    'Backup-Id': record.id,
    'State-Of': formatInstant(record.createdAt),
    ...(at === undefined ? {} : { 'State-Asked': formatInstant(at) }),
    'State-Age': String(Math.floor(ageMs / 1000)),
    'State-Exact': String(exact),
  };
}

/** In one member: not every client reads on behind the first. */
function packed(answer: Response, coding: Record<string, string>): Response {
  const headers = new Headers({ ...Object.fromEntries(answer.headers), ...coding });
  headers.delete('Content-Length');
  const body = answer.body?.pipeThrough(new CompressionStream('gzip')) ?? null;
  return new Response(body, { status: answer.status, headers });
}
