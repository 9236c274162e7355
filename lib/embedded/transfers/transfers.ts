// Uploads as files. The id in a URL is 128 random bits and the only key to it: a ticket on the disk says until when it
// takes a PUT, how much and what, so that URLs outlive a restart; what comes waits sealed. Both are on the disk, names and all,
// before anybody hears of them.

import { readdirSync, readFileSync } from 'node:fs';
import { link, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UPLOAD_ID } from '../../core/records/ids.ts';
import type { WrappedKey } from '../../core/records/model.ts';
import type { WallClock } from '../../ports/clock.ts';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import type { TransferStore } from '../../ports/transfer-store.ts';
import { readChunks } from '../blobs/blob-file.ts';
import { makePrivateDirectory, syncDirectory } from '../disk/data-dir.ts';
import { errorCode, fileFailure, writeFailure } from '../disk/failures.ts';
import type { Room } from '../disk/room.ts';
import { readDigest, readSealed, type UploadDigest, writeSealed } from './sealed-upload.ts';

export interface EmbeddedTransferStore extends TransferStore {
  receive: NonNullable<TransferStore['receive']>;
  /** Removes what was staged more than a day ago, and is not wanted any more. Throws PortError. */
  removeStale(isWanted?: (uploadId: string) => Promise<boolean>): Promise<void>;
}

interface Ticket {
  expiresAt: number;
  bytesMax: number;
  /** What its maker has announced. */
  bytes?: number;
  sha256?: string;
  /** Wraps the key that its body is sealed with; absent in tickets of the first release, whose bodies lie in clear. */
  key?: WrappedKey;
}

const STALE_MS = 86_400_000;

/** Only the owner of the folder may call it (see `openDatabase`). */
export function createTransferStore(
  dataDir: string,
  clock: WallClock,
  keyring: Keyring,
  random: Random,
  room?: Pick<Room, 'demandRoom' | 'isReadOnly'>,
): EmbeddedTransferStore {
  const folder = join(dataDir, 'uploads');
  if (room?.isReadOnly !== true) makePrivateDirectory(folder);
  const ticketOf = (uploadId: string) => join(folder, `${uploadId}.ticket`);
  const sealedOf = (uploadId: string) => join(folder, `${uploadId}.sealed`);
  const clearOf = (uploadId: string) => join(folder, `${uploadId}.json`);
  const contextOf = (uploadId: string) => ({ purpose: 'upload', uploadId });

  const readTicket = (uploadId: string): Ticket => {
    if (!UPLOAD_ID.test(uploadId)) throw new PortError('not_found', 'no upload has such an id');
    let text: string;
    try {
      text = readFileSync(ticketOf(uploadId), 'utf8');
    } catch (error) {
      throw fileFailure(error, 'the upload cannot be read');
    }
    const ticket = parseTicket(text);
    // Nothing can be made of it, and whoever asks can upload again.
    if (ticket === undefined) throw new PortError('not_found', 'the ticket of the upload is damaged');
    return ticket;
  };

  /** A file is there whole, or not at all. `name` gives it its name. */
  async function place(
    path: string,
    write: (passing: string) => Promise<void>,
    name: (passing: string, path: string) => Promise<void>,
  ): Promise<void> {
    const passing = `${path}.${randomHex(random, 8)}.part`;
    try {
      await write(passing);
      await name(passing, path);
      await syncDirectory(folder);
    } finally {
      await rm(passing, { force: true });
    }
  }

  async function writeTicket(uploadId: string, ticket: Ticket): Promise<void> {
    const write = (passing: string) => writeFlushed(passing, JSON.stringify(ticket));
    try {
      await place(ticketOf(uploadId), write, rename);
    } catch (error) {
      throw writeFailure(error, 'the upload cannot be prepared', dataDir);
    }
  }

  async function openKey(uploadId: string, key: WrappedKey): Promise<Uint8Array> {
    try {
      return await keyring.open(key, contextOf(uploadId));
    } catch (error) {
      // The upload is there; it is no answer to say that it is not.
      if (!(error instanceof PortError && error.code === 'not_found')) throw error;
      throw new PortError('unavailable', 'the key of the upload is not there', { cause: error });
    }
  }

  /** The key that the body is sealed with. A ticket of the first release gets one now. */
  async function keyFor(uploadId: string, ticket: Ticket): Promise<Uint8Array> {
    if (ticket.key !== undefined) return openKey(uploadId, ticket.key);
    const { dataKey, key } = await keyring.generate(contextOf(uploadId));
    await writeTicket(uploadId, { ...ticket, key });
    return dataKey;
  }

  return {
    async createUpload(uploadId, { expiresAt, bytesMax, bytes, sha256 }) {
      room?.demandRoom();
      const { key } = await keyring.generate(contextOf(uploadId));
      const announced = {
        ...(bytes === undefined ? {} : { bytes }),
        ...(sha256 === undefined ? {} : { sha256 }),
      };
      await writeTicket(uploadId, { expiresAt, bytesMax, ...announced, key });
      return { url: `/uploads/${uploadId}` };
    },

    async receive(uploadId, body) {
      const ticket = awaitedTicket(readTicket, uploadId, clock.now());
      if ((await isThere(sealedOf(uploadId))) || (await isThere(clearOf(uploadId)))) {
        throw usedUp();
      }
      room?.demandRoom();
      const dataKey = await keyFor(uploadId, ticket);
      let digest: UploadDigest | undefined;
      const write = async (passing: string): Promise<void> => {
        digest = await writeSealed(passing, dataKey, bounded(body, ticket), random);
        demandAnnounced(ticket, digest);
      };
      try {
        // Of two at once, one is first: a link takes no name that is taken.
        await place(sealedOf(uploadId), write, link);
      } catch (error) {
        if (errorCode(error) === 'EEXIST') throw usedUp();
        throw writeFailure(error, 'the upload cannot be written', dataDir);
      }
      return digest!;
    },

    async readUpload(uploadId) {
      const ticket = readTicket(uploadId);
      try {
        if (ticket.key === undefined) {
          const { size, mtimeMs } = await stat(clearOf(uploadId));
          return { bytes: size, mark: `${size} ${mtimeMs}`, body: readChunks(clearOf(uploadId)) };
        }
        const dataKey = await openKey(uploadId, ticket.key);
        const { bytes, sha256 } = await readDigest(sealedOf(uploadId), dataKey);
        return { bytes, mark: sha256, sha256, body: readSealed(sealedOf(uploadId), dataKey) };
      } catch (error) {
        throw fileFailure(error, 'the upload cannot be read');
      }
    },

    async discardUpload(uploadId) {
      if (!UPLOAD_ID.test(uploadId)) return;
      await remove(sealedOf(uploadId), clearOf(uploadId), ticketOf(uploadId));
    },

    async removeStale(isWanted = async () => false) {
      for (const name of namesIn(folder)) {
        const path = join(folder, name);
        if (!(await isOlder(path, clock.now() - STALE_MS))) continue;
        const uploadId = name.slice(0, name.indexOf('.'));
        if (!(await isWanted(uploadId))) await remove(path);
      }
    },
  };
}

function awaitedTicket(read: (uploadId: string) => Ticket, uploadId: string, now: number): Ticket {
  let ticket: Ticket | undefined;
  try {
    ticket = read(uploadId);
  } catch (error) {
    if (!(error instanceof PortError && error.code === 'not_found')) throw error;
  }
  if (ticket === undefined || ticket.expiresAt <= now) throw notAwaited();
  return ticket;
}

function usedUp(): PortError {
  return new PortError('exists', 'the URL has taken its upload already');
}

function notAwaited(): PortError {
  return new PortError('not_found', 'no upload is awaited under this id');
}

function refused(reason: 'empty' | 'too_large' | 'mismatch', message: string): PortError {
  return new PortError('integrity', message, { reason });
}

function parseTicket(text: string): Ticket | undefined {
  let ticket: Partial<Ticket> | null;
  try {
    ticket = JSON.parse(text) as Partial<Ticket> | null;
  } catch {
    // Cut short or changed: what it was for cannot be told.
    return undefined;
  }
  const isWhole = Number.isSafeInteger(ticket?.expiresAt) && Number.isSafeInteger(ticket?.bytesMax);
  return isWhole ? (ticket as Ticket) : undefined;
}

async function* bounded(
  body: AsyncIterable<Uint8Array>,
  { bytesMax, bytes: announced }: Ticket,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw refused('too_large', `An upload may be at most ${bytesMax} bytes.`);
    }
    if (announced !== undefined && bytes > announced) {
      throw refused('mismatch', `It has more than the ${announced} bytes that were announced.`);
    }
    yield chunk;
  }
  if (bytes === 0) throw refused('empty', 'The upload is empty.');
}

function demandAnnounced(announced: Ticket, { bytes, sha256 }: UploadDigest): void {
  if (announced.bytes !== undefined && announced.bytes !== bytes) {
    throw refused('mismatch', `It has ${bytes} bytes; ${announced.bytes} were announced.`);
  }
  if (announced.sha256 !== undefined && announced.sha256 !== sha256) {
    throw refused('mismatch', `Its SHA-256 is ${sha256}; ${announced.sha256} was announced.`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw fileFailure(error, 'the uploads cannot be looked at');
  }
}

/** What is not there is no error. */
async function remove(...paths: string[]): Promise<void> {
  try {
    for (const path of paths) await rm(path, { force: true });
  } catch (error) {
    throw writeFailure(error, 'the upload cannot be removed');
  }
}

async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await changedAt(path)) !== undefined;
}

async function isOlder(path: string, instant: number): Promise<boolean> {
  const at = await changedAt(path);
  return at !== undefined && at < instant;
}

/** Undefined if there is no such file, or none any more: uploads come and go. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileFailure(error, 'the upload cannot be looked at');
  }
}
