// A resource's state at a moment: found first, so that nothing is loaded for whoever has it already, and read when asked.

import { cutChunks } from '../../core/bytes/cut.ts';
import { ServiceError } from '../../core/records/errors.ts';
import type { BackupRecord } from '../../core/records/model.ts';
import { readBackup } from '../chains/read-backup.ts';
import { heldText, takeRoom } from '../chains/readers.ts';
import { readText } from '../chains/state.ts';
import type { Caller } from '../contract/api.ts';
import type { Deps } from '../contract/deps.ts';
import type { ByteSpan, OpenState, StateInput } from '../contract/looks.ts';
import type { Text } from '../contract/text.ts';
import { noteLook } from './audit.ts';
import { findState } from './find.ts';

/**
 * Throws as `findState`; its `read` throws ServiceError `payload_too_large` (more than one answer can carry here),
 * `broken_chain` or `integrity_error`.
 */
export async function openState(
  deps: Deps,
  { resourceId, at }: StateInput,
  caller: Caller,
): Promise<OpenState> {
  const found = await findState(deps, resourceId, at, '/query/at');
  return { ...found, read: (span) => read(deps, found.record, span, caller) };
}

async function read(
  deps: Deps,
  record: BackupRecord,
  span: ByteSpan | undefined,
  caller: Caller,
): Promise<Text> {
  const { from, to } = span ?? { from: 0, to: record.size };
  if (to - from > deps.options.syncBytesMax) throw tooLong(record, deps.options.syncBytesMax);
  const room = await takeRoom(deps, record);
  try {
    const [text] = await Promise.all([
      readBackup(deps, record, (current) => readText(deps, current, { isChecked: false })),
      noteLook(deps, record, { what: 'state' }, caller),
    ]);
    if (text.bytes !== record.size) throw new ServiceError('integrity_error', 'The state is cut short.');
    if (span === undefined) return heldText(text, record.size, room);
    return heldText({ bytes: to - from, chunks: cutChunks(text.chunks, from, to) }, record.size, room);
  } catch (error) {
    room.free();
    throw error;
  }
}

function tooLong({ size }: BackupRecord, bytesMax: number): ServiceError {
  const detail = `The state has ${size} bytes; this deployment gives ${bytesMax} in a call. Ask for a Range, or restore it with "Prefer: respond-async".`;
  return new ServiceError('payload_too_large', detail);
}
