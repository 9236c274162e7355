// Scratch files in the data folder.

import type { Scratch } from '../../core/bytes/packed.ts';
import type { Random } from '../../ports/random.ts';
import { createScratchFiles } from '../../scratch.ts';
import { makePrivateDirectory, temporaryDirectory } from '../disk/data-dir.ts';
import { writeFailure } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';

/** Throws PortError `unavailable` or `denied` if there is no place for them. Only the owner of the folder may call it (see `openDatabase`). */
export function createScratch(dataDir: string, random: Random, room?: Pick<Room, 'isReadOnly'>): Scratch {
  const folder = temporaryDirectory(dataDir);
  try {
    if (room?.isReadOnly !== true) makePrivateDirectory(folder);
  } catch (error) {
    throw writeFailure(error, 'the folder for scratch files cannot be made', dataDir);
  }
  return createScratchFiles({
    folder,
    random,
    failure: (error, message) => writeFailure(error, message, dataDir),
  });
}
