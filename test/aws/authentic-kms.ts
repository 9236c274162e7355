// KMS refuses a ciphertext that it has not made as it stands. An emulator may decrypt one with flipped bits, to other
// bytes: this puts before it what KMS does.

import { InvalidCiphertextException, type KMSClient } from '@aws-sdk/client-kms';

interface Answer {
  CiphertextBlob?: Uint8Array;
}

/** Has the client refuse to decrypt what it has not been given by `GenerateDataKey`. */
export function refuseForgedCiphertexts(kms: KMSClient): void {
  const made = new Set<string>();
  kms.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const { CiphertextBlob } = args.input as Answer;
        if (commandName === 'DecryptCommand' && !made.has(hex(CiphertextBlob))) {
          throw new InvalidCiphertextException({ $metadata: { httpStatusCode: 400 }, message: 'forged' });
        }
        const result = await next(args);
        const { CiphertextBlob: fresh } = result.output as Answer;
        if (commandName === 'GenerateDataKeyCommand') made.add(hex(fresh));
        return result;
      },
    { step: 'initialize', name: 'refuseForgedCiphertexts' },
  );
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}
