// What a look into states asks for before anything is loaded.

import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import type { Deps } from '../contract/deps.ts';

/** What is looked into has to stand in memory whole. Throws ServiceError `payload_too_large`. */
export function demandHeld({ options }: Pick<Deps, 'options'>, { size }: Pick<BackupRecord, 'size'>): void {
  const { deltaStateBytesMax } = options.memory;
  if (size <= deltaStateBytesMax) return;
  const detail = `A state of ${size} bytes is given whole, and not looked into: at most ${deltaStateBytesMax} stand in memory here.`;
  throw new ServiceError('payload_too_large', detail);
}
