// Data keys wrapped by the local master key: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. Bound to each
// wrapped key, as associated data: the context it was made for, and the id and version of the master key.

import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { WrappedKey } from '../../core/records/model.ts';
import { PortError } from '../../ports/errors.ts';
import type { KeyContext, Keyring } from '../../ports/keyring.ts';
import type { Random } from '../../ports/random.ts';
import { loadMasterKeys, type MasterKey } from './key-file.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

export interface KeyringOptions {
  dataDir: string;
  /** Whether a first master key may be made: only where no backup exists that another one has sealed. */
  mayCreate: boolean;
  /** Data keys, nonces and a first master key are drawn from it. */
  random: Random;
}

/** Opens the key file of a data folder; throws as `loadMasterKeys` does. Its older keys still open what they wrapped. */
export function openKeyring({ dataDir, mayCreate, random }: KeyringOptions): Keyring {
  const { current, all } = loadMasterKeys(dataDir, random, mayCreate);

  return {
    async generate(context) {
      const dataKey = new Uint8Array(random.bytes(KEY_BYTES));
      const { keyId, version } = current;
      return {
        dataKey,
        key: { keyId, keyVersion: version, wrapped: wrap(current, dataKey, context, random) },
      };
    },

    async open(key, context) {
      const master = all.find(({ keyId, version }) => keyId === key.keyId && version === key.keyVersion);
      if (master === undefined) {
        throw new PortError('not_found', 'the master key that wraps this data key is not in the key file');
      }
      return unwrap(master, key, context);
    },

    async check() {
      // We could go on with the keys in memory, and nobody would notice before the next start that they are lost.
      const now = loadMasterKeys(dataDir, random, false).all;
      if (!all.every((ours) => now.some((theirs) => sameKey(ours, theirs)))) {
        throw new PortError('unavailable', 'the key file no longer holds the keys in use');
      }
    },
  };
}

function wrap(master: MasterKey, dataKey: Uint8Array, context: KeyContext, random: Random): string {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, master.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(master, context));
  const sealed = [nonce, cipher.update(dataKey), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64');
}

function unwrap(master: MasterKey, { wrapped }: WrappedKey, context: KeyContext): Uint8Array {
  const bytes = Buffer.from(wrapped, 'base64');
  // Decoding skips what is not base64: only the one text that we wrote is our wrapped key.
  if (bytes.length !== NONCE_BYTES + KEY_BYTES + TAG_BYTES || bytes.toString('base64') !== wrapped) {
    throw new PortError('integrity', 'the wrapped data key has been changed');
  }
  const nonce = bytes.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, master.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(master, context));
  decipher.setAuthTag(bytes.subarray(NONCE_BYTES + KEY_BYTES));
  const dataKey = decipher.update(bytes.subarray(NONCE_BYTES, NONCE_BYTES + KEY_BYTES));
  try {
    decipher.final();
  } catch (cause) {
    dataKey.fill(0);
    throw new PortError('integrity', 'the wrapped data key was changed, or belongs elsewhere', { cause });
  }
  return new Uint8Array(dataKey);
}

/** JSON of sorted members: one text for one context, whatever its strings contain and however it was put together. */
function associatedData({ keyId, version }: MasterKey, context: KeyContext): Buffer {
  const members = Object.keys(context)
    .sort()
    .map((name) => [name, context[name]]);
  return Buffer.from(JSON.stringify(['data-key', keyId, version, members]));
}

function sameKey(a: MasterKey, b: MasterKey): boolean {
  return a.keyId === b.keyId && a.version === b.version && a.key.equals(b.key);
}
