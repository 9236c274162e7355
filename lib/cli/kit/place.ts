// Sources and targets as they are typed: a word with its flags, or a file that describes one.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SourceSpec } from '../../core/records/source.ts';
import { faultsOfSource } from '../../core/records/source-check.ts';
import { sourceOfWord } from '../../core/records/source-words.ts';
import { CliError, EXIT } from './exit.ts';

/** What is said beside the word. */
export interface PlaceOptions {
  table?: string[];
  exclude?: string[];
  /** Where the password stands: env:NAME, file:/path. */
  password?: string;
  /** `name: value`, in which `{env:NAME}` is a secret. */
  header?: string[];
  /** How a state is put back by HTTP. */
  method?: 'PUT' | 'POST';
}

const KINDS =
  'postgres://user@host/database, postgres:env:NAME, https://..., file:PATH, folder:PATH, sqlite:PATH, s3://bucket/key, dynamodb:TABLE, or @FILE with a description';

/** Undefined for what is no source at all: a path, say. Throws CliError for one that is not right, and never shows a secret. */
export function placeOf(word: string, options: PlaceOptions): SourceSpec | undefined {
  const spec = word.startsWith('@') ? described(word.slice(1)) : sourceOfWord(word, (path) => resolve(path));
  if (spec === undefined) return undefined;
  const { table, exclude, password, header, method } = options;
  const headers = header === undefined ? undefined : Object.fromEntries(header.map(headerOf));
  const whole = {
    ...spec,
    ...(table === undefined ? {} : { tables: table }),
    ...(exclude === undefined ? {} : { exclude }),
    ...(password === undefined ? {} : { password }),
    ...(headers === undefined ? {} : { headers }),
    ...(method === undefined ? {} : { write: { method, ...(headers === undefined ? {} : { headers }) } }),
  };
  const [fault] = faultsOfSource(whole);
  if (fault === undefined) return whole as SourceSpec;
  const hint = fault.detail.includes('password')
    ? ': leave it out and set PGPASSWORD, or say --password env:NAME, or give the whole URL as postgres:env:NAME'
    : '';
  throw new CliError(`the ${fault.pointer.slice(1) || 'source'} ${fault.detail}${hint}`);
}

/** As `placeOf`, for what must be one. */
export function sourcePlaceOf(word: string, options: PlaceOptions): SourceSpec {
  const spec = placeOf(word, options);
  if (spec === undefined) throw new CliError(`that is no source: give ${KINDS}`);
  return spec;
}

function described(path: string): SourceSpec {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SourceSpec;
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code !== 'ENOENT';
    throw new CliError(
      `${path} ${isThere ? 'does not hold JSON that describes a source' : 'is not there'}`,
      isThere ? EXIT.usage : EXIT.notFound,
    );
  }
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf(':');
  if (at < 1) throw new CliError('a header is written as --header "name: value"');
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}
