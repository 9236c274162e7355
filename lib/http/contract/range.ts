// What conditional and partial requests ask for (RFC 9110): ranges of bytes, tags of states, codings that are taken.

/** Bytes [from, to), or that there are none such. */
export type AskedRange = { from: number; to: number } | 'unsatisfiable';

/**
 * The one range of bytes that a Range header asks for, of so many; undefined where there is nothing to go by: no header,
 * another unit, several ranges, or one that is none. Then the whole is given, as the RFC has it.
 */
export function parseRange(header: string | undefined, bytes: number): AskedRange | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '');
  if (match === null) return undefined;
  const [, first, last] = match;
  if (first === '') {
    if (last === '') return undefined;
    const suffix = Math.min(Number(last), bytes);
    return suffix === 0 ? 'unsatisfiable' : { from: bytes - suffix, to: bytes };
  }
  const from = Number(first);
  const to = last === '' ? bytes : Math.min(Number(last) + 1, bytes);
  if (last !== '' && Number(last) < from) return undefined;
  return from < bytes ? { from, to } : 'unsatisfiable';
}

/** Whether an If-None-Match header names one of these tags, or any. Weak and strong are one here. */
export function namesTag(header: string | undefined, tags: readonly string[]): boolean {
  const named = (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return named.some((tag) => tag === '*' || tags.includes(tag));
}

/** Whether an Accept-Encoding header takes gzip, by name or by a star. */
export function takesGzip(header: string | undefined): boolean {
  const weights = new Map(
    (header ?? '').split(',').map((part) => {
      const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
      return [coding === 'x-gzip' ? 'gzip' : coding, Number(weight)] as const;
    }),
  );
  return (weights.get('gzip') ?? weights.get('*') ?? 0) > 0;
}
