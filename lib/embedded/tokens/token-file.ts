// Named tokens in a file of their own beside the key: so that a command can make and revoke them while the service runs or
// does not, and a lost catalog locks nobody out. Read again whenever it has changed; entries are never removed from it.

import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { en } from 'zod/locales';
import * as z from 'zod/mini';
import { SCOPES } from '../../core/records/access.ts';
import { TOKEN_ID, type TokenRecord } from '../../core/records/access-token.ts';
import { PortError } from '../../ports/errors.ts';
import { closeAnyway, makePrivateDirectory, syncDirectorySync } from '../disk/data-dir.ts';
import { errorCode, fileFailure } from '../disk/failures.ts';

const FILE_NAME = 'tokens.json';
const LOCK_NAME = '.tokens.lock';
const PASSING_NAME = '.tokens.json.new';
const OTHERS = 0o077;
/** A writer is done in milliseconds: a lock that is older belongs to one that has died. */
const LOCK_STALE_MS = 10_000;
const LOCK_WAIT_MS = 5000;
const LOCK_LOOK_MS = 20;

const nonEmpty = z.string().check(z.minLength(1));
const time = z.int().check(z.nonnegative());
const fileSchema = z.strictObject({
  format: z.literal(1),
  tokens: z.array(
    z.strictObject({
      id: z.string().check(z.regex(TOKEN_ID)),
      name: nonEmpty,
      sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      scopes: z.array(z.enum(SCOPES)),
      resources: z.exactOptional(z.strictObject({ ids: z.array(z.string()), prefixes: z.array(z.string()) })),
      createdAt: time,
      createdBy: z.string(),
      expiresAt: z.exactOptional(time),
      revokedAt: z.exactOptional(time),
      revokedBy: z.exactOptional(z.string()),
      lastUsedAt: z.exactOptional(time),
    }),
  ),
});

/** Whether tokens have ever been made in this folder: then everybody needs a credential. */
export function hasTokens(dataDir: string): boolean {
  return stampOf(dataDir) !== undefined;
}

/** What tells that the file is another one, or has changed; undefined if there is none. */
export function stampOf(dataDir: string): string | undefined {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(join(dataDir, FILE_NAME), { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw fileFailure(error, `${FILE_NAME} cannot be looked at`);
  }
}

/** All tokens, in the order in which they were made. Throws PortError: `denied` if others could read it, `integrity` if it is damaged. */
export function readTokens(dataDir: string): TokenRecord[] {
  let fd: number;
  try {
    fd = openSync(join(dataDir, FILE_NAME), 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw fileFailure(error, `${FILE_NAME} cannot be read`);
  }
  try {
    if ((fstatSync(fd).mode & OTHERS) !== 0) {
      throw new PortError('denied', `${FILE_NAME} can be read by others than its owner: chmod 600 it`);
    }
    return parse(readFileSync(fd, 'utf8'));
  } catch (error) {
    throw fileFailure(error, `${FILE_NAME} cannot be read`);
  } finally {
    closeAnyway(fd);
  }
}

function parse(text: string): TokenRecord[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new PortError('integrity', `${FILE_NAME} is damaged: it is no JSON`, { cause: error });
  }
  const parsed = fileSchema.safeParse(json, { error: en().localeError });
  if (parsed.success) return parsed.data.tokens;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new PortError('integrity', `${FILE_NAME} is damaged: ${faults.join('; ')}`);
}

/**
 * Replaces the tokens by what `change` makes of them, durably, one writer at a time, whichever process it is in. Throws what
 * `change` throws, and PortError.
 */
export async function changeTokens(
  dataDir: string,
  change: (tokens: TokenRecord[]) => TokenRecord[],
): Promise<TokenRecord[]> {
  makePrivateDirectory(dataDir);
  const unlock = await lock(dataDir);
  try {
    const tokens = change(readTokens(dataDir));
    write(dataDir, tokens);
    return tokens;
  } finally {
    unlock();
  }
}

function write(dataDir: string, tokens: TokenRecord[]): void {
  const passing = join(dataDir, PASSING_NAME);
  try {
    rmSync(passing, { force: true });
    const fd = openSync(passing, 'wx', 0o600);
    try {
      writeFileSync(fd, `${JSON.stringify({ format: 1, tokens }, undefined, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(passing, join(dataDir, FILE_NAME));
    syncDirectorySync(dataDir);
  } catch (error) {
    throw fileFailure(error, `${FILE_NAME} cannot be written`);
  }
}

async function lock(dataDir: string): Promise<() => void> {
  const path = join(dataDir, LOCK_NAME);
  for (const began = Date.now(); ; await new Promise((resolve) => setTimeout(resolve, LOCK_LOOK_MS))) {
    try {
      closeSync(openSync(path, 'wx', 0o600));
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw fileFailure(error, `${FILE_NAME} cannot be locked`);
    }
    removeStale(path);
    if (Date.now() - began > LOCK_WAIT_MS) {
      throw new PortError('unavailable', `${FILE_NAME} is being changed by somebody else: try again`);
    }
  }
}

function removeStale(path: string): void {
  try {
    if (Date.now() - statSync(path).mtimeMs > LOCK_STALE_MS) rmSync(path, { force: true });
  } catch (error) {
    // Its writer is done.
    if (errorCode(error) !== 'ENOENT') throw fileFailure(error, `${FILE_NAME} cannot be locked`);
  }
}
