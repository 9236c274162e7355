// What is wrong with a source as it was given: its shape, and every secret that stands in it as itself. Pure.

import type { Fault } from './errors.ts';
import { parseReference, referencesIn } from './secret-reference.ts';
import type { SourceKind } from './source.ts';

type Check = (value: unknown) => string | undefined;
interface Field {
  check: Check;
  isRequired?: boolean;
}

const TEXT_CHARS_MAX = 2048;
const LIST_MAX = 1000;
/** Names under which secrets stand: of headers, and in the query of a URL. */
const SECRET_NAME =
  /auth|cookie|passw|pwd|secret|token|api[-_]?key|access[-_]?key|credential|signature|^sig$|^key$/i;

const text: Check = (value) => {
  if (typeof value !== 'string' || value === '') return 'must be text';
  if (value.length > TEXT_CHARS_MAX) return `must be at most ${TEXT_CHARS_MAX} characters`;
  return /\p{Cc}/u.test(value) ? 'must be without control characters' : undefined;
};
const absolute: Check = (value) =>
  text(value) ?? (String(value).startsWith('/') ? undefined : 'must be an absolute path');
const secret: Check = (value) =>
  typeof value === 'string' && parseReference(value) !== undefined
    ? undefined
    : 'must say where the secret stands, never what it is: env:NAME, file:/run/secrets/x or secretsmanager:arn';
const names: Check = (value) => {
  if (!Array.isArray(value) || value.length === 0) return 'must be a list of names';
  if (value.length > LIST_MAX) return `must be at most ${LIST_MAX} names`;
  return value.map(text).find((fault) => fault !== undefined);
};

/** A URL without a secret in it. `protocols` as `URL` writes them. */
function url(...protocols: string[]): Check {
  return (value) => {
    const fault = text(value);
    if (fault !== undefined) return fault;
    let parsed: URL;
    try {
      parsed = new URL(String(value));
    } catch {
      return 'must be a URL';
    }
    if (!protocols.includes(parsed.protocol))
      return `must begin with ${protocols.map((one) => `${one}//`).join(' or ')}`;
    if (parsed.password !== '') return 'must be without a password: that is given as a reference';
    const named = [...parsed.searchParams.keys()].find((name) => SECRET_NAME.test(name));
    return named === undefined ? undefined : `must be without a secret, and ${named} looks like one`;
  };
}

const httpUrl: Check = (value) => {
  const fault = url('http:', 'https:')(value);
  if (fault !== undefined) return fault;
  return new URL(String(value)).username === '' ? undefined : 'must be without a name: give a header';
};
const database: Check = (value) =>
  typeof value === 'string' && parseReference(value) !== undefined
    ? undefined
    : url('postgres:', 'postgresql:')(value);

const headers: Check = (value) => {
  if (!isObject(value)) return 'must be an object of names to values';
  for (const [name, content] of Object.entries(value)) {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/.test(name)) return 'has what is no name of a header';
    const fault = text(content);
    if (fault !== undefined) return `${name} ${fault}`;
    const references = referencesIn(String(content));
    const unknown = references.find((one) => parseReference(one) === undefined);
    if (unknown !== undefined) return `${name} names a secret in a way that is not known`;
    if (references.length === 0 && SECRET_NAME.test(name))
      return `${name} looks like a secret: say where it stands, as "Bearer {env:NAME}"`;
  }
  return undefined;
};
const write: Check = (value) => {
  if (!isObject(value)) return 'must be an object';
  if (value.method !== 'PUT' && value.method !== 'POST') return 'method must be PUT or POST';
  const unknown = Object.keys(value).find((name) => !['method', 'url', 'headers'].includes(name));
  if (unknown !== undefined) return `${unknown} is not known`;
  const faults = [
    value.url === undefined ? undefined : httpUrl(value.url),
    value.headers === undefined ? undefined : headers(value.headers),
  ];
  return faults.find((fault) => fault !== undefined);
};

const TABLES: Record<string, Field> = { tables: { check: names }, exclude: { check: names } };
const AWS: Record<string, Field> = {
  region: { check: text },
  endpoint: { check: httpUrl },
};
const FIELDS: Readonly<Record<SourceKind, Record<string, Field>>> = {
  postgresql: { url: { check: database, isRequired: true }, password: { check: secret }, ...TABLES },
  http: { url: { check: httpUrl, isRequired: true }, headers: { check: headers }, write: { check: write } },
  file: { path: { check: absolute, isRequired: true } },
  folder: { path: { check: absolute, isRequired: true } },
  sqlite: { path: { check: absolute, isRequired: true }, ...TABLES },
  dynamodb: { table: { check: text, isRequired: true }, ...AWS },
  s3: { bucket: { check: text, isRequired: true }, key: { check: text }, prefix: { check: text }, ...AWS },
};

/** All that is wrong with it; none: then it is a `SourceSpec`. What was given for a secret is in no fault. */
export function faultsOfSource(value: unknown): Fault[] {
  if (!isObject(value)) return [{ pointer: '', detail: 'must be an object with a kind' }];
  const { kind, scratch, ...rest } = value;
  if (typeof kind !== 'string' || !Object.hasOwn(FIELDS, kind))
    return [{ pointer: '/kind', detail: `must be one of ${Object.keys(FIELDS).join(', ')}` }];
  const fields = FIELDS[kind as SourceKind];
  const faults: Fault[] = [];
  if (scratch !== undefined && typeof scratch !== 'boolean')
    faults.push({ pointer: '/scratch', detail: 'must be true or false' });
  for (const name of Object.keys(rest).filter((one) => !Object.hasOwn(fields, one)))
    faults.push({
      pointer: `/${name.slice(0, 100)}`,
      detail: `is nothing that a source of kind ${kind} has`,
    });
  for (const [name, { check, isRequired }] of Object.entries(fields)) {
    const given = rest[name];
    const detail = given === undefined ? (isRequired ? 'must be given' : undefined) : check(given);
    if (detail !== undefined) faults.push({ pointer: `/${name}`, detail });
  }
  if (kind === 's3' && (rest.key === undefined) === (rest.prefix === undefined))
    faults.push({ pointer: '/key', detail: 'must be given, or else a prefix' });
  return faults;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
