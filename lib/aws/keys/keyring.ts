// Data keys from KMS. The key that wraps them never leaves it; every use stands in its audit log, with the context.

import {
  DecryptCommand,
  DescribeKeyCommand,
  GenerateDataKeyCommand,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { PortError } from '../../ports/errors.ts';
import type { Keyring } from '../../ports/keyring.ts';
import { call } from '../calls/call.ts';
import { awsNameOf } from '../calls/failures.ts';
import { encryptionContext } from './key-context.ts';

export interface KeyringOptions {
  kms: KMSClient;
  /** The ARN of the key that wraps new data keys. */
  keyArn: string;
  /** Of keys that only open what they have wrapped earlier. */
  formerKeyArns?: readonly string[];
}

const KEY_ARN = /^arn:[^:]+:kms:[^:]+:[^:]+:key\/.+$/;
/** Where KMS does not say which material of the key it used. */
const UNNAMED_VERSION = 'kms';
const KEY_BYTES = 32;
/** What KMS says of a ciphertext that names a key which is not there: access to that one is what it denies. */
const NAMES_NO_KEY = /^The ciphertext refers to a customer master key that does not exist/;

/** The keyring of one KMS key, or of several after a move. Throws RangeError for what is no ARN of a key. */
export function createKeyring({ kms, keyArn, formerKeyArns = [] }: KeyringOptions): Keyring {
  const accepted = new Set([keyArn, ...formerKeyArns]);
  for (const arn of accepted) {
    // KMS answers with ARNs: under an alias we would record a key id that we would not accept again.
    if (!KEY_ARN.test(arn)) throw new RangeError('a KMS key is configured by its ARN');
  }

  /** The same key as this deployment reaches it: one of several regions has an ARN in each. Undefined for none of ours. */
  function hereOf(arn: string): string | undefined {
    if (accepted.has(arn)) return arn;
    const everywhere = everywhereOf(arn);
    return everywhere === undefined
      ? undefined
      : [...accepted].find((one) => everywhereOf(one) === everywhere);
  }

  return {
    async generate(context) {
      const answer = await call('no data key can be made', (options) =>
        kms.send(
          new GenerateDataKeyCommand({
            KeyId: keyArn,
            KeySpec: 'AES_256',
            EncryptionContext: encryptionContext(context),
          }),
          options,
        ),
      );
      const { CiphertextBlob, Plaintext, KeyId, KeyMaterialId } = answer;
      if (KeyId !== keyArn || CiphertextBlob === undefined) {
        throw new PortError('denied', 'KMS has wrapped a data key with another key');
      }
      const key = {
        keyId: keyArn,
        keyVersion: KeyMaterialId ?? UNNAMED_VERSION,
        wrapped: Buffer.from(CiphertextBlob).toString('base64'),
      };
      return { dataKey: dataKeyOf(Plaintext), key };
    },

    async open(key, context) {
      const keyId = hereOf(key.keyId);
      if (keyId === undefined) {
        throw new PortError('not_found', 'the key that wraps this data key is none of this deployment');
      }
      const wrapped = Buffer.from(key.wrapped, 'base64');
      // Decoding skips what is not base64: only text that encodes back to itself is what we have written.
      if (wrapped.length === 0 || wrapped.toString('base64') !== key.wrapped) {
        throw new PortError('integrity', 'the wrapped data key has been changed');
      }
      const answer = await call('the data key does not open', (options) =>
        kms.send(
          new DecryptCommand({
            // Named, so that nobody can have us open something with another key of the account.
            KeyId: keyId,
            CiphertextBlob: wrapped,
            EncryptionContext: encryptionContext(context),
          }),
          options,
        ),
      ).catch(changedIfItNamesNoKey);
      if (answer.KeyId !== keyId) {
        throw new PortError('integrity', 'KMS has opened the data key with another key');
      }
      const version = answer.KeyMaterialId ?? UNNAMED_VERSION;
      if (key.keyVersion !== UNNAMED_VERSION && key.keyVersion !== version) {
        throw new PortError('not_found', 'the key has no such version');
      }
      return dataKeyOf(answer.Plaintext);
    },

    async check() {
      const { KeyMetadata } = await call('the key does not answer', (options) =>
        kms.send(new DescribeKeyCommand({ KeyId: keyArn }), options),
      );
      if (KeyMetadata?.KeyState !== 'Enabled') {
        throw new PortError('denied', `the key is not enabled: ${KeyMetadata?.KeyState}`);
      }
    },
  };
}

/** The ARN without its region, of a key that has several; its material is the same in all of them. */
function everywhereOf(arn: string): string | undefined {
  const [, before, after] = /^(arn:[^:]+:kms:)[^:]+(:[^:]+:key\/mrk-.+)$/.exec(arn) ?? [];
  return before === undefined ? undefined : before + after;
}

/** The key is named in the call, so only the wrapped key can name another one: it was changed, and nobody's rights are amiss. */
function changedIfItNamesNoKey(error: unknown): never {
  const { cause } = error as { cause?: unknown };
  throw awsNameOf(error) === 'AccessDeniedException' && NAMES_NO_KEY.test((cause as Error).message)
    ? new PortError('integrity', 'the wrapped data key has been changed', { cause })
    : error;
}

/** A copy: the SDK's own may be a view of a larger buffer. */
function dataKeyOf(plaintext: Uint8Array | undefined): Uint8Array {
  if (plaintext?.length !== KEY_BYTES) {
    throw new PortError('integrity', 'KMS has given no data key of the right length');
  }
  return new Uint8Array(plaintext);
}
