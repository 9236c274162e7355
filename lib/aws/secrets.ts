// Secrets of a function: by name from Secrets Manager, and nowhere else.

import type { SecretReader } from '../ports/secrets.ts';
import { createSecretReader } from '../sources/secrets.ts';
import { createSecretsClient } from './calls/secrets.ts';

/** The function's own settings are no secrets of others: of the environment only what signs its calls is read. */
export function openSecrets(env: Readonly<Record<string, string | undefined>>): SecretReader {
  const { AWS_ENDPOINT_URL: endpoint } = env;
  const managed = createSecretsClient({
    region: env.AWS_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: () => ({
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    }),
  });
  return createSecretReader({ managed });
}
