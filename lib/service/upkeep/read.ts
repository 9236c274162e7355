// How the periodic work goes, for whoever runs the service.

import { LIMITS } from '../../core/records/limits.ts';
import type { Notice } from '../../core/records/model.ts';
import type { TaskStatus } from '../../core/records/upkeep.ts';
import type { Deps } from '../contract/deps.ts';

/** Throws PortError from the catalog. */
export async function readUpkeep({
  catalog,
  upkeep,
  conditions,
}: Pick<Deps, 'catalog' | 'upkeep' | 'conditions'>): Promise<{ tasks: TaskStatus[]; notices: Notice[] }> {
  const [tasks, stored] = await Promise.all([upkeep?.list() ?? [], catalog.listNotices(LIMITS.listPageMax)]);
  return { tasks, notices: [...stored, ...(conditions?.() ?? [])] };
}
