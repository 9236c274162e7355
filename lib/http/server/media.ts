// Which bodies are read at all: JSON, and the bare curl lines of the documentation, but nothing a foreign web page can send.

import { ServiceError } from '../../core/records/errors.ts';

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})`);
const PARAMETER = new RegExp(
  `[ \\t]*;[ \\t]*(?:(${TOKEN})=(?:(${TOKEN})|"((?:[^"\\\\]|\\\\.)*)"|))?[ \\t]*`,
  'y',
);

/** What clients call it, and what is a part of it. The parameter means nothing for JSON (RFC 8259, 11). */
const UTF_8 = new Set(['utf-8', 'utf8', 'us-ascii', '']);

const CURL_DEFAULT = 'application/x-www-form-urlencoded';

/**
 * Refuses what must not be read as JSON: `unsupported_media_type` for other types, charsets and encodings, and
 * `forbidden` for a request that a page of another site could have sent without a preflight.
 */
export function checkMedia(headers: Headers): void {
  refuseEncoded(headers);
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

/** What is PUT as it is, whatever it calls itself: refused is only what would have to be unpacked, or put together. */
export function checkUpload(headers: Headers): void {
  refuseEncoded(headers);
  refusePart(headers);
}

/** A body that is a state, whatever it calls itself, packed or not: refused is what has parts, or is one. */
export function checkWholeState(headers: Headers): void {
  refusePart(headers);
  if (!/^\s*multipart\//i.test(headers.get('content-type') ?? '')) return;
  throw unsupported('Send the file itself as the body, not as a form: curl -T FILE URL.');
}

function refusePart(headers: Headers): void {
  if (!headers.has('content-range')) return;
  throw new ServiceError('invalid_request', 'One thing is wrong with the request; see errors.', {
    errors: [
      {
        pointer: '/headers/content-range',
        detail: 'is not taken: PUT the whole state, from its first byte on',
      },
    ],
  });
}

function refuseEncoded(headers: Headers): void {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== '' && encoding !== 'identity') {
    throw unsupported('Send the body as it is, without a Content-Encoding.');
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
    if (key?.toLowerCase() === 'charset' && !UTF_8.has((token ?? quoted ?? '').toLowerCase())) {
      throw unsupported('JSON is always UTF-8; leave the charset out, or say utf-8.');
    }
  }
  return match[1]!.toLowerCase();
}

function unsupported(detail: string): ServiceError {
  return new ServiceError('unsupported_media_type', detail);
}
