// Where this home reads the secrets that references name: in the environment and in files, but none of the service's own, which whoever may name a
// receiver could have sent there.

import { realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { parseReference } from '../core/records/secret-reference.ts';
import { PortError } from '../ports/errors.ts';
import type { SecretReader } from '../ports/secrets.ts';
import { createSecretReader } from '../sources/secrets.ts';

/** The service's own, and what the machine's identity is proven with. */
const OWN = /^(BACKUP_|AWS_)/i;

/** Throws PortError as its port says; `denied` too for what lies in the data folder. */
export function openSecrets(
  env: Readonly<Record<string, string | undefined>>,
  dataDir: string,
): SecretReader {
  const foreign = Object.fromEntries(Object.entries(env).filter(([name]) => !OWN.test(name)));
  const secrets = createSecretReader({ env: foreign, files: true });
  return {
    async read(reference, signal) {
      const parsed = parseReference(reference);
      if (parsed?.from === 'file' && (await isWithin(parsed.path, dataDir))) {
        throw new PortError('denied', 'what lies in the data folder is no secret for others');
      }
      return secrets.read(reference, signal);
    },
  };
}

/** By what links lead to. What is not there lies nowhere. */
export async function isWithin(path: string, folder: string): Promise<boolean> {
  try {
    const [real, own] = await Promise.all([realpath(path), realpath(folder)]);
    return real === own || real.startsWith(own + sep);
  } catch {
    return false;
  }
}
