// Uploads as files. The id in a URL is 128 random bits and the only key to it: a ticket on the disk says until when it
// takes a PUT, and how much, so that URLs outlive a restart.

import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ServiceError } from '../core/errors.ts';
import { type Clock, PortError, type TransferStore } from '../ports.ts';
import { readChunks } from './blob-file.ts';
import { makePrivateDirectory, syncDirectory } from './data-dir.ts';
import { errorCode, fileFailure } from './failures.ts';

export interface UploadReceiver {
  /**
   * Takes what is PUT. Resolves with its size in bytes. Throws ServiceError `upload_not_found` (no such id, or its time
   * is over), `malformed_json` (no bytes came), `payload_too_large`, or `write_conflict` if it has been used; then nothing
   * of it is kept.
   */
  receive(uploadId: string, body: AsyncIterable<Uint8Array>): Promise<number>;
}

export interface EmbeddedTransferStore extends TransferStore, UploadReceiver {
  /** Removes what was staged more than a day ago. */
  removeStale(): Promise<void>;
}

interface Ticket {
  expiresAt: number;
  bytesMax: number;
}

const UPLOAD_ID = /^[0-9a-f]{32}$/;
const STALE_MS = 86_400_000;

/** Only the owner of the folder may call it (see `openDatabase`). */
export function createTransferStore(dataDir: string, clock: Clock): EmbeddedTransferStore {
  const folder = join(dataDir, 'uploads');
  makePrivateDirectory(folder);
  const ticketOf = (uploadId: string) => join(folder, `${uploadId}.ticket`);
  const bodyOf = (uploadId: string) => join(folder, `${uploadId}.json`);

  const readTicket = (uploadId: string): Ticket => {
    if (!UPLOAD_ID.test(uploadId)) throw new PortError('not_found', 'no upload has such an id');
    try {
      return JSON.parse(readFileSync(ticketOf(uploadId), 'utf8')) as Ticket;
    } catch (error) {
      throw fileFailure(error, 'the upload cannot be read');
    }
  };

  return {
    async createUpload(uploadId, { expiresAt, bytesMax }) {
      try {
        writeFileSync(ticketOf(uploadId), JSON.stringify({ expiresAt, bytesMax }), {
          flag: 'wx',
          mode: 0o600,
        });
      } catch (error) {
        throw fileFailure(error, 'the upload cannot be prepared');
      }
      return { url: `/uploads/${uploadId}` };
    },

    async receive(uploadId, body) {
      const ticket = validTicket(readTicket, uploadId, clock.now());
      if (await isThere(bodyOf(uploadId))) {
        throw new ServiceError('write_conflict', 'This URL has taken its upload already; ask for another.');
      }
      const passing = join(folder, `${uploadId}.${randomBytes(8).toString('hex')}.part`);
      try {
        const bytes = await writeBounded(passing, body, ticket.bytesMax);
        await rename(passing, bodyOf(uploadId));
        await syncDirectory(folder);
        return bytes;
      } catch (error) {
        await rm(passing, { force: true });
        throw fileFailure(error, 'the upload cannot be written');
      }
    },

    async readUpload(uploadId) {
      readTicket(uploadId);
      try {
        const { size } = await stat(bodyOf(uploadId));
        return { bytes: size, body: readChunks(bodyOf(uploadId)) };
      } catch (error) {
        throw fileFailure(error, 'the upload cannot be read');
      }
    },

    async discardUpload(uploadId) {
      if (!UPLOAD_ID.test(uploadId)) return;
      await rm(bodyOf(uploadId), { force: true });
      await rm(ticketOf(uploadId), { force: true });
    },

    async removeStale() {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        if ((await stat(path)).mtimeMs < clock.now() - STALE_MS) await rm(path, { force: true });
      }
    },
  };
}

function validTicket(read: (uploadId: string) => Ticket, uploadId: string, now: number): Ticket {
  let ticket: Ticket | undefined;
  try {
    ticket = read(uploadId);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'not_found')) throw error;
  }
  if (ticket === undefined || ticket.expiresAt <= now) {
    throw new ServiceError('upload_not_found', 'No upload is awaited here; POST /uploads gives a URL.');
  }
  return ticket;
}

async function writeBounded(
  path: string,
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<number> {
  const file = await open(path, 'wx', 0o600);
  try {
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw new ServiceError('payload_too_large', `An upload may be at most ${bytesMax} bytes.`);
      }
      await file.writeFile(chunk);
    }
    if (bytes === 0) throw new ServiceError('malformed_json', 'The upload is empty; PUT the state.');
    await file.sync();
    return bytes;
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
