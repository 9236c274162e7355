// Verifies a backup without giving it out: the restore's own path, and the specification's validation result.

import { hasCode, ServiceError } from '../../core/records/errors.ts';
import { expiryWarnings } from '../../core/records/validation.ts';
import { liveBackup } from '../chains/live.ts';
import { readBackup } from '../chains/read-backup.ts';
import { takeRoom } from '../chains/readers.ts';
import { type ReadText, readText } from '../chains/state.ts';
import type { ValidationResult } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';

/** Throws ServiceError `backup_not_found`, `payload_too_large`; what is wrong with the stored bytes is the result, not an error. */
export async function verifyBackup(deps: Deps, id: string): Promise<ValidationResult> {
  const record = await liveBackup(deps, id);
  const { verifyBytesMax } = deps.options;
  if (record.size > verifyBytesMax) {
    const detail = `A state of ${record.size} bytes is not verified in a call, which has time for ${verifyBytesMax}: restore it, which proves it in the background.`;
    throw new ServiceError('payload_too_large', detail);
  }
  const warnings = expiryWarnings(record.expiresAt, deps.clock.now());
  const room = await takeRoom(deps, record);
  let text: ReadText;
  try {
    text = await readBackup(deps, record, (current) => readText(deps, current, { isChecked: true }));
  } catch (error) {
    if (!hasCode(error, 'integrity_error', 'broken_chain')) throw error;
    // The caller gets a 200: whoever watches the log must hear of it all the same.
    deps.log.error('verification failed', { backupId: id, code: error.code });
    const nothing = { checksumValid: false, structureValid: false, dataIntegrity: false };
    return { valid: false, errors: [error.message], warnings, ...nothing };
  } finally {
    room.free();
  }
  const { bytes, fault } = text;
  const dataIntegrity = bytes > 0 && bytes === record.size;
  const errors = [
    ...(fault === undefined ? [] : [fault]),
    ...(dataIntegrity ? [] : ['The state does not have its size.']),
  ];
  const valid = errors.length === 0;
  return { valid, errors, warnings, checksumValid: true, structureValid: fault === undefined, dataIntegrity };
}
