// What is said of a resource: how often a state is expected, how its rows are told apart, what is unusual, what is not to be shown.

import * as z from 'zod/mini';
import { LIMITS } from '../../core/records/limits.ts';
import type { ResourceSettings } from '../../core/records/settings.ts';
import type { Answer } from './answers.ts';
import { once } from './once.ts';
import { ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { entityTags, expectEverySeconds, rowIdentity, sensitiveWord, shrinkRule } from './values.ts';

const SettingsFields = once(() => {
  const { about } = shapes();
  return z
    .strictObject({
      expectEverySeconds: z
        .exactOptional(expectEverySeconds())
        .check(about('A state, new or unchanged, is expected so often: then it is late')),
      identity: z
        .exactOptional(rowIdentity())
        .check(
          about(
            'By the JSON Pointer of an array, in which * stands for any step: the members that tell its rows apart',
          ),
        ),
      shrink: z
        .exactOptional(shrinkRule())
        .check(
          about(
            'More than that share of the rows of a table gone at once, and at least so many (10), is unusual',
          ),
        ),
      sensitive: z
        .exactOptional(z.array(sensitiveWord()).check(z.maxLength(LIMITS.sensitiveWordsMax)))
        .check(about('Words: a member whose name has one in it is taken for a secret')),
      mask: z
        .exactOptional(z.enum(['by-name', 'all', 'none']))
        .check(about('What mask=@resource hides; by-name, with the words of sensitive, if it is not said')),
    })
    .check(
      z.superRefine((value, context) => {
        if (value.mask === 'none' && (value.sensitive?.length ?? 0) > 0) {
          context.addIssue({
            code: 'custom',
            path: ['mask'],
            message: 'hides nothing: leave "sensitive" out',
          });
        }
        if (Buffer.byteLength(JSON.stringify(value)) > LIMITS.settingsBytesMax) {
          context.addIssue(`must not take more than ${LIMITS.settingsBytesMax} bytes as JSON`);
        }
      }),
    );
});

const SeenHeaders = once(() =>
  z.object({
    'if-match': z.exactOptional(entityTags()),
    'if-none-match': z.exactOptional(entityTags()),
  }),
);

const ETAG = { ETag: { description: 'The checksum of what is said, for `If-Match`' } } as const;

const ORDERS = {
  expectEverySeconds: 86_400,
  identity: { '/tables/orders': ['order_no', 'line'] },
  shrink: { share: 0.2, action: 'refuse', least: 100 },
  sensitive: ['iban'],
} as const;

export const SETTINGS_ROUTES = {
  getSettings: {
    method: 'GET',
    path: '/resources/{resourceId}/settings',
    summary: 'Get what is said of a resource',
    tag: 'Resources',
    scope: 'backup:list',
    params: ResourcePath,
    answers: {
      200: { description: 'The settings; empty where nothing is said', schema: 'Settings', headers: ETAG },
    },
    errors: [],
    examples: { answers: { 200: ORDERS } },
  },
  putSettings: {
    method: 'PUT',
    path: '/resources/{resourceId}/settings',
    summary:
      'Say what is expected of a resource, and how it is to be looked at; all that was said before is replaced',
    tag: 'Resources',
    details:
      'It may be said before the first state comes. An empty object takes all of it back. `mask` and `sensitive` hide nothing from who does not ' +
      'for `mask=@resource` in a tree, a history or a diff. `If-Match` replaces only what the caller has seen, `If-None-Match: *` only nothing.',
    scope: 'policy:manage',
    params: ResourcePath,
    headers: SeenHeaders,
    body: { name: 'ResourceSettings', fields: SettingsFields },
    answers: { 200: { description: 'The settings', schema: 'Settings', headers: ETAG } },
    errors: ['precondition_failed', 'write_conflict'],
    examples: {
      requests: { daily: { expectEverySeconds: 86_400 }, orders: ORDERS },
      answers: { 200: ORDERS },
    },
  },
} as const satisfies Record<string, Route>;

/** Made on demand. */
export const settingsAnswers = once(() => ({
  Settings: z.object({
    expectEverySeconds: z.exactOptional(z.int()),
    identity: z.exactOptional(z.record(z.string(), z.array(z.string()))),
    shrink: z.exactOptional(
      z.object({
        share: z.number(),
        action: z.enum(['warn', 'refuse']),
        least: z.exactOptional(z.int()),
      }),
    ),
    sensitive: z.exactOptional(z.array(z.string())),
    mask: z.exactOptional(z.enum(['by-name', 'all', 'none'])),
  }),
}));

/** What is not named here is not shown. */
export function viewSettings(settings: ResourceSettings): Answer<'Settings'> {
  const { expectEverySeconds, identity, shrink, sensitive, mask } = settings;
  return {
    ...(expectEverySeconds === undefined ? {} : { expectEverySeconds }),
    ...(identity === undefined ? {} : { identity }),
    ...(shrink === undefined ? {} : { shrink }),
    ...(sensitive === undefined ? {} : { sensitive }),
    ...(mask === undefined ? {} : { mask }),
  };
}
