// What the shapes of answers are made of.

import * as z from 'zod/mini';
import { once } from './once.ts';

/** Says in the document what a member is. */
const about = (description: string) => z.meta({ description });

/** Values that answers of many nouns have. */
export const shapes = once(() => ({
  about,
  time: z.string().check(z.meta({ format: 'date-time' })),
  percent: z.int().check(z.minimum(0), z.maximum(100)),
  count: z.int().check(z.minimum(0)),
  checksum: () => z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/)),
}));

/** Which of several schemas it is, as generators of clients understand it. */
export function oneByStatus(names: Record<string, readonly string[]>) {
  const entries = Object.entries(names).flatMap(([name, values]) =>
    values.map((value) => [value, `#/components/schemas/${name}`]),
  );
  return z.meta({ discriminator: { propertyName: 'status', mapping: Object.fromEntries(entries) } });
}
