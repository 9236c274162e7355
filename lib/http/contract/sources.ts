// Sources: places that states are read from, by name. Secrets stand in them only by reference.

import * as z from 'zod/mini';
import type { SourceSpec } from '../../core/records/source.ts';
import { wordOfSource } from '../../core/records/source-words.ts';
import type { SourceRecord } from '../../core/schedule/records.ts';
import type { CheckedSource, FoundSource } from '../../service/contract/schedules.ts';
import type { Answer } from './answers.ts';
import { formatInstant } from './instant.ts';
import { once } from './once.ts';
import { PageQuery } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { shortName } from './values.ts';

export const ShortPath = once(() => z.strictObject({ id: shortName() }));

const KINDS = [
  'postgresql',
  'http',
  'file',
  'folder',
  'sqlite',
  'dynamodb',
  's3',
] as const satisfies readonly SourceSpec['kind'][];

/** What each kind has is judged with it, in one place for every caller. */
const members = () => {
  const { about } = shapes();
  const text = (description: string) => z.exactOptional(z.string().check(about(description)));
  return {
    kind: z.enum(KINDS),
    url: text('Of `postgresql`, without a password, or a reference to one; of `http`'),
    password: text('Where it stands: `env:NAME`, `file:/run/secrets/x`, `secretsmanager:arn`'),
    headers: z
      .exactOptional(z.record(z.string(), z.string()))
      .check(about('Of `http`; secrets as `{env:NAME}`')),
    write: z
      .exactOptional(
        z.strictObject({
          method: z.enum(['PUT', 'POST']),
          url: z.exactOptional(z.string()),
          headers: z.exactOptional(z.record(z.string(), z.string())),
        }),
      )
      .check(about('How a state is put back by `http`')),
    path: text('Of `file`, `folder`, `sqlite`: absolute'),
    tables: z.exactOptional(z.array(z.string())).check(about('Of databases: these alone')),
    exclude: z.exactOptional(z.array(z.string())).check(about('Of databases: not these')),
    table: text('Of `dynamodb`'),
    bucket: text('Of `s3`, with `key` or `prefix`'),
    key: text('Of `s3`: one object'),
    prefix: text('Of `s3`: the JSON objects under it'),
    region: text('Of `dynamodb` and `s3`'),
    endpoint: text('Of an emulator'),
    scratch: z
      .exactOptional(z.boolean())
      .check(about('That drills may write there: all that it has is lost by that')),
  };
};

const SourceFields = once(() => z.strictObject(members()));

const SHOP = {
  kind: 'postgresql',
  url: 'postgres://backup@db.example:5432/shop',
  password: 'env:SHOP_PASSWORD',
} as const;
const SHOP_SHOWN = {
  id: 'shop-db',
  spec: SHOP,
  shown: 'postgres://backup@db.example:5432/shop',
  createdAt: '2025-01-01T12:00:00.000Z',
  updatedAt: '2025-01-01T12:00:00.000Z',
  updatedBy: 'ci',
} as const;

export const SOURCE_ROUTES = {
  listSources: {
    method: 'GET',
    path: '/sources',
    summary: 'List the sources that states are read from',
    tag: 'Schedules',
    scope: 'schedule:read',
    query: PageQuery,
    answers: { 200: { description: 'One page, by name', schema: 'SourceList' } },
    errors: ['invalid_cursor'],
    examples: { answers: { 200: { sources: [SHOP_SHOWN], count: 1 } } },
  },
  getSource: {
    method: 'GET',
    path: '/sources/{id}',
    summary: 'Get a source, and which schedules read it',
    tag: 'Schedules',
    scope: 'schedule:read',
    params: ShortPath,
    answers: { 200: { description: 'The source', schema: 'Source' } },
    errors: ['source_not_found'],
    examples: { answers: { 200: { ...SHOP_SHOWN, usedBy: ['nightly'] } } },
  },
  putSource: {
    method: 'PUT',
    path: '/sources/{id}',
    summary: 'Set a source, or replace all that is said of it',
    tag: 'Schedules',
    details:
      'Secrets are given as where they stand, never as what they are: `env:NAME`, `file:/run/secrets/x`, `secretsmanager:arn`. Only for who may touch every ' +
      'resource, as all that is about sources.',
    scope: 'schedule:manage',
    params: ShortPath,
    body: { name: 'SourceInput', fields: SourceFields },
    answers: { 200: { description: 'The source', schema: 'Source' } },
    errors: ['write_conflict', 'too_many_requests'],
    examples: {
      requests: { database: SHOP, file: { kind: 'file', path: '/srv/orders.json' } },
      answers: { 200: { ...SHOP_SHOWN, usedBy: [] } },
    },
  },
  removeSource: {
    method: 'DELETE',
    path: '/sources/{id}',
    summary: 'Remove a source that no schedule reads',
    tag: 'Schedules',
    scope: 'schedule:manage',
    params: ShortPath,
    answers: { 200: { description: 'It is gone', schema: 'SourceRemoved' } },
    errors: ['source_not_found', 'source_in_use', 'write_conflict'],
    examples: { answers: { 200: { id: 'shop-db', status: 'removed' } } },
  },
  checkSource: {
    method: 'POST',
    path: '/sources/{id}/check',
    summary: 'Try a source: whether it can be read, without reading it',
    tag: 'Schedules',
    details: 'That it does not answer is a 200 with `ok` false, and why.',
    scope: 'schedule:manage',
    store: 'reads',
    params: ShortPath,
    answers: { 200: { description: 'What answered, or why nothing did', schema: 'SourceCheck' } },
    errors: ['source_not_found'],
    examples: {
      answers: {
        200: { id: 'shop-db', ok: true, detail: 'PostgreSQL 15.18, database shop, 12 tables', warnings: [] },
      },
    },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const sourceAnswers = once(() => {
  const { about, time, count } = shapes();
  const Source = z.object({
    id: z.string(),
    spec: z.object(members()),
    shown: z.string().check(about('In a line; no secret is in it')),
    createdAt: time,
    updatedAt: time,
    updatedBy: z.string(),
    usedBy: z.exactOptional(z.array(z.string())).check(about('Schedules; where one source was asked for')),
  });
  const SourceList = z.object({ sources: z.array(Source), count, nextCursor: z.exactOptional(z.string()) });
  const SourceRemoved = z.object({ id: z.string(), status: z.enum(['removed']) });
  const SourceCheck = z.object({
    id: z.string(),
    ok: z.boolean(),
    detail: z.string(),
    code: z.exactOptional(z.string()).check(about('Why it does not answer, in a word')),
    warnings: z.array(z.string()),
  });
  return { Source, SourceList, SourceRemoved, SourceCheck };
});

export function viewSource({ id, spec, createdAt, updatedAt, updatedBy }: SourceRecord): Answer<'Source'> {
  return {
    id,
    spec,
    shown: wordOfSource(spec),
    createdAt: formatInstant(createdAt),
    updatedAt: formatInstant(updatedAt),
    updatedBy,
  };
}

export function viewFoundSource({ source, usedBy }: FoundSource): Answer<'Source'> {
  return { ...viewSource(source), usedBy };
}

export function viewCheck(id: string, checked: CheckedSource): Answer<'SourceCheck'> {
  if (checked.ok) return { id, ok: true, detail: checked.detail, warnings: checked.warnings };
  const { code, detail } = checked.failure;
  return { id, ok: false, detail, code, warnings: [] };
}
