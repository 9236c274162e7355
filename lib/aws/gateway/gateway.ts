// Serves the API behind a REST API: the one place that knows its events.

import { isUtf8 } from 'node:buffer';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { handle, type LambdaEvent } from 'hono/aws-lambda';
import { ServiceError } from '../../core/records/errors.ts';
import { problemResponse } from '../../http/contract/problem.ts';
import type { Api } from '../../http/server/api.ts';
import { AWS_BOUNDS } from '../names/bounds.ts';
import { apiPath } from './gateway-event.ts';

/** What an answer holds besides a state. */
const ROOM_BYTES = 256 * 1024;
const ANSWER_BYTES_MAX = AWS_BOUNDS.bodyBytesMax + ROOM_BYTES;
/** Lambda takes 6 MB, as JSON, with headers and all. */
const TEXT_BYTES_MAX = 5_500_000;

export type GatewayHandler = (event: APIGatewayProxyEvent) => Promise<APIGatewayProxyResult>;

/** The handler of a function that serves the API, or a part of it. */
export function createGatewayHandler(api: Pick<Api, 'fetch'>): GatewayHandler {
  const bounded = {
    fetch: async (...args: Parameters<Api['fetch']>) => withinBounds(await api.fetch(...args), args[0]),
  };
  // First all of it as bytes, so that nothing is touched on its way; then what fits as the text that it is.
  const serve = handle(bounded as Api, { isContentTypeBinary: () => true });
  return async (event) => {
    // `version` is in events of today; the types of neither side know the other's.
    const located = { version: '1.0', ...event, path: apiPath(event) };
    return asText((await serve(located as unknown as LambdaEvent)) as APIGatewayProxyResult);
  };
}

/**
 * The answer as text, where that is what it is and it fits: not everything in front of us makes bytes of base64 again. What
 * is long stays base64, which is what ANSWER_BYTES_MAX counts on: text in JSON may grow to six times its length.
 */
function asText(result: APIGatewayProxyResult): APIGatewayProxyResult {
  if (result.isBase64Encoded !== true) return result;
  const bytes = Buffer.from(result.body, 'base64');
  if (bytes.length > TEXT_BYTES_MAX || !isUtf8(bytes)) return result;
  const body = bytes.toString();
  if (Buffer.byteLength(JSON.stringify(body)) > TEXT_BYTES_MAX) return result;
  return { ...result, body, isBase64Encoded: false };
}

/** A function that gives more than Lambda takes fails without a word; so we say it. */
function withinBounds(response: Response, request: Request): Response {
  const bytes = Number(response.headers.get('content-length') ?? 0);
  if (bytes <= ANSWER_BYTES_MAX) return response;
  const detail = `The answer has ${bytes} bytes; this deployment can give ${ANSWER_BYTES_MAX} in a call. Ask for a smaller page, or for a part.`;
  const { pathname } = new URL(request.url);
  const headers = { 'X-Request-Id': response.headers.get('x-request-id') ?? '' };
  return problemResponse(new ServiceError('payload_too_large', detail), pathname, headers);
}
