// Which bodies are read at all: JSON, and the bare curl lines of the documentation, but nothing a foreign web page can send.

import { ServiceError } from '../core/errors.ts';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})`);
const PARAMETER = new RegExp(
  `[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)"))?[ \\t]*`,
  'y',
);

const CURL_DEFAULT = 'application/x-www-form-urlencoded';

/**
 * Refuses what must not be read as JSON: `unsupported_media_type` for other types, charsets and encodings, and
 * `forbidden` for a request that a page of another site could have sent without a preflight.
 */
export function checkMedia(headers: Headers): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    throw unsupported('Send the body as it is, without a Content-Encoding.');
  }
  const contentType = headers.get('content-type');
  const essence = essenceOf(contentType?.trim() || CURL_DEFAULT);
  if (essence === CURL_DEFAULT) {
    refuseForeignPage(headers);
  } else if (essence !== 'application/json' && !essence.endsWith('+json')) {
    throw unsupported('Send the body as application/json.');
  }
}

/**
 * `curl -d` calls its body a form, and so do the lines users copy; a browser may send a form, or a body without a type,
 * to any site without asking it first. What says that it comes from a page must therefore be declared as JSON.
 */
function refuseForeignPage(headers: Headers): void {
  const site = headers.get('sec-fetch-site')?.toLowerCase();
  if (headers.has('origin') || site === 'cross-site' || site === 'same-site') {
    throw new ServiceError('forbidden', 'From a web page, send the body as application/json.');
  }
}

/** The type without its parameters, in lower case; every charset named must be UTF-8. */
function essenceOf(value: string): string {
  const match = MEDIA_TYPE.exec(value);
  if (match === null) throw unsupported('The Content-Type cannot be read; send application/json.');
  PARAMETER.lastIndex = match[0].length;
  while (PARAMETER.lastIndex < value.length) {
    const parameter = PARAMETER.exec(value);
    if (parameter === null) throw unsupported('The Content-Type cannot be read; send application/json.');
    const [, key, token, quoted] = parameter;
    if (key?.toLowerCase() === 'charset' && (token ?? quoted)?.toLowerCase() !== 'utf-8') {
      throw unsupported('JSON is always UTF-8; leave the charset out, or say utf-8.');
    }
  }
  return match[1]!.toLowerCase();
}

function unsupported(detail: string): ServiceError {
  return new ServiceError('unsupported_media_type', detail);
}
