// The file of master keys. Whoever loses it loses every encrypted backup, so it is never made anew where one must
// have been, and never left half written.

import { createHmac, createSecretKey } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { bufferOf } from '../../core/bytes/buffer.ts';
import { PortError } from '../../ports/errors.ts';
import { type Random, randomHex } from '../../ports/random.ts';
import { makePrivateDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure } from '../disk/failures.ts';

const FILE_NAME = 'master.key';
const PASSING_PREFIX = '.master.key.';
const KEY_BYTES = 32;
const OTHERS = 0o077;
/** Ids of keys that were made before have no such prefix, and say nothing of the key. */
const DERIVED_ID_PREFIX = 'local/k1-';
const DERIVED_ID_DIGITS = 16;

const nonEmpty = z.string().check(z.minLength(1));

const keySchema = z.strictObject({
  version: nonEmpty,
  keyId: nonEmpty,
  key: z.pipe(
    z.base64(),
    z.transform((encoded: string, context) => {
      const bytes = Buffer.from(encoded, 'base64');
      if (bytes.length !== KEY_BYTES) {
        context.issues.push({ code: 'custom', message: `not ${KEY_BYTES} bytes`, input: encoded });
      }
      // As bytes it would be looked at anew, at some cost, each time that it is used.
      return createSecretKey(bytes);
    }),
  ),
});

const fileSchema = z.strictObject({
  format: z.literal(1),
  /** The version that wraps new data keys; the others only open what they have wrapped. */
  current: z.string(),
  keys: z.array(keySchema).check(z.minLength(1)),
});

export type MasterKey = z.output<typeof keySchema>;

export interface MasterKeys {
  current: MasterKey;
  all: readonly MasterKey[];
}

/**
 * The master keys in `dataDir`; makes the first one if there is none and `mayCreate`. Throws PortError `denied` if
 * there is none and none may be made, or if others could read it, `integrity` if the file is damaged.
 */
export function loadMasterKeys(dataDir: string, random: Random, mayCreate: boolean): MasterKeys {
  try {
    return readMasterKeys(dataDir);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw fileFailure(error, `${FILE_NAME} cannot be read`);
    }
    if (!mayCreate) {
      throw new PortError(
        'denied',
        `${FILE_NAME} is missing from the data folder, and the backups there cannot be opened without it: put it back`,
        { cause: error },
      );
    }
  }
  try {
    createKeyFile(dataDir, random);
    return readMasterKeys(dataDir);
  } catch (error) {
    throw fileFailure(error, `${FILE_NAME} cannot be created`);
  }
}

function readMasterKeys(dataDir: string): MasterKeys {
  const fd = openSync(join(dataDir, FILE_NAME), 'r');
  try {
    if ((fstatSync(fd).mode & OTHERS) !== 0) {
      throw new PortError('denied', `${FILE_NAME} can be read by others than its owner: chmod 600 it`);
    }
    return parseMasterKeys(readFileSync(fd, 'utf8'));
  } finally {
    closeSync(fd);
  }
}

function parseMasterKeys(text: string): MasterKeys {
  const parsed = fileSchema.safeParse(parseJson(text), { error: en().localeError });
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw damaged(faults.join('; '), parsed.error);
  }
  const { current, keys } = parsed.data;
  if (new Set(keys.map(({ version }) => version)).size !== keys.length) {
    throw damaged('a version is there twice');
  }
  const strange = keys.find(
    ({ keyId, key }) => keyId.startsWith(DERIVED_ID_PREFIX) && keyId !== idOfKey(key.export()),
  );
  if (strange !== undefined) throw damaged(`version ${strange.version} is not the key that its keyId names`);
  const currentKey = keys.find(({ version }) => version === current);
  if (currentKey === undefined) {
    throw damaged('the current version is not among the keys');
  }
  return { current: currentKey, all: keys };
}

function parseJson(text: string): unknown {
  if (text.startsWith('\ufeff'))
    throw damaged('it begins with a byte order mark; save it as UTF-8 without one');
  try {
    return JSON.parse(text);
  } catch {
    // Not even as a cause: the message of the parser quotes the text, and the text holds keys.
    throw damaged('it is not JSON');
  }
}

function damaged(how: string, cause?: unknown): PortError {
  return new PortError('integrity', `${FILE_NAME} is damaged (${how}): put back a good copy`, { cause });
}

/** Whole and durable, or not at all. */
function createKeyFile(dataDir: string, random: Random): void {
  makePrivateDirectory(dataDir);
  removeLeftovers(dataDir);
  const passing = join(dataDir, `${PASSING_PREFIX}${randomHex(random, 8)}`);
  try {
    writeDurably(passing, newKeyFileText(random));
    linkUnlessThere(passing, join(dataDir, FILE_NAME));
  } finally {
    rmSync(passing, { force: true });
  }
  syncDirectorySync(dataDir);
}

/** Keys that were never in use: a crash came before they got their name. */
function removeLeftovers(dataDir: string): void {
  for (const name of readdirSync(dataDir).filter((entry) => entry.startsWith(PASSING_PREFIX))) {
    rmSync(join(dataDir, name), { force: true });
  }
}

function newKeyFileText(random: Random): string {
  const version = '1';
  const bytes = bufferOf(random.bytes(KEY_BYTES));
  const key = bytes.toString('base64');
  const keys = [{ version, keyId: idOfKey(bytes), key }];
  return `${JSON.stringify({ format: 1, current: version, keys }, null, 2)}\n`;
}

/** The id of a key follows from it, so that a key with one wrong digit is noticed before anything is sealed with it. */
function idOfKey(key: Uint8Array): string {
  const digest = createHmac('sha256', key).update('master key id').digest('hex');
  return `${DERIVED_ID_PREFIX}${digest.slice(0, DERIVED_ID_DIGITS)}`;
}

function writeDurably(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whoever was faster has made the key: then that is the one to use. */
function linkUnlessThere(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') {
      throw error;
    }
  }
}
