// What its owner has said of a resource, as far as a look at its states goes by it: how rows are told apart, what is hidden.

import { type Mask, withSettings } from '../../core/history/mask.ts';
import type { ResourceSettings, RowIdentity } from '../../core/records/settings.ts';
import type { Deps } from '../contract/deps.ts';

type Catalog = Pick<Deps, 'catalog'>;

/** The options of a look with the identity of rows, and with their mask made whole. Costs a read. */
export async function asSaid<O extends { mask?: Mask }>(
  { catalog }: Catalog,
  resourceId: string,
  options: O,
): Promise<O & { identity?: RowIdentity }> {
  const settings = (await catalog.getHead(resourceId))?.settings;
  const { identity } = settings ?? {};
  return { ...masked(options, settings), ...(identity === undefined ? {} : { identity }) };
}

/** The same where no row is named. Costs a read where `@resource` was asked for. */
export async function maskedAsSaid<O extends { mask?: Mask }>(
  { catalog }: Catalog,
  resourceId: string,
  options: O,
): Promise<O> {
  if (options.mask?.besideResource === undefined) return options;
  return masked(options, (await catalog.getHead(resourceId))?.settings);
}

function masked<O extends { mask?: Mask }>(options: O, settings: ResourceSettings | undefined): O {
  const { mask } = options;
  return mask === undefined ? options : { ...options, mask: withSettings(mask, settings) };
}
