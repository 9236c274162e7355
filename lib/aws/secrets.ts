// Secrets of a function: by name from Secrets Manager, and nowhere else.

import type { SecretReader } from '../ports/secrets.ts';
import { createSecretReader } from '../sources/secrets.ts';
import { createSecretsClient } from './calls/secrets.ts';
import { signedByEnvironment } from './calls/signed-by-environment.ts';

/** The function's own settings are no secrets of others: of the environment only what signs its calls is read. */
export function openSecrets(env: Readonly<Record<string, string | undefined>>): SecretReader {
  return createSecretReader({ managed: createSecretsClient(signedByEnvironment(env)) });
}
