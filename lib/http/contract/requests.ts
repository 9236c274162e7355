// What requests of many nouns say.

import * as z from 'zod/mini';
import { once } from './once.ts';
import { cursor, limit, name } from './values.ts';

export const IdPath = once(() => z.strictObject({ id: name() }));
export const ResourcePath = once(() => z.strictObject({ resourceId: name() }));

/** Of a list: how much of it, and from where on. */
export const page = () => ({ limit: limit(), cursor: z.exactOptional(cursor()) });

export const PageQuery = once(() => z.strictObject(page()));

/** Where nothing is taken, anything is a fault. */
export const Nothing = once(() => z.strictObject({}));
