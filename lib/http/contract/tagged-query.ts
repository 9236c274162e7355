// Queries that speak of tags: `tag.KEY=VALUE`, as often as there are tags.

import * as z from 'zod/mini';
import { tags } from './values.ts';

const TAG = 'tag.';

/** The query of these names, with tags beside them. */
export function taggedQuery<Known extends z.core.$ZodLooseShape>(known: Known) {
  const names = Object.keys(known);
  return z.catchall(z.object(known), z.string()).check(
    z.superRefine((value, context) => {
      const others = Object.entries(value).filter(([key]) => !names.includes(key));
      for (const [key] of others.filter(([one]) => !one.startsWith(TAG))) {
        context.addIssue({ code: 'unrecognized_keys', keys: [key], input: value });
      }
      const checked = tags().safeParse(tagsIn(value));
      if (checked.success) return;
      for (const { path, message } of checked.error.issues) {
        context.addIssue({
          code: 'custom',
          message,
          path: path.map((key) => TAG + String(key)),
          input: value,
        });
      }
    }),
  );
}

/** The tags that a query names. */
export function tagsIn(query: Readonly<Record<string, unknown>>): Record<string, string> {
  const named = Object.entries(query).filter(([key]) => key.startsWith(TAG));
  return Object.fromEntries(named.map(([key, value]) => [key.slice(TAG.length), String(value)]));
}
