// What sources are read with here: secrets by name from Secrets Manager, no files, and of private hosts those that are named.

import type { Sources } from '../ports/source.ts';
import { createSecretReader } from '../sources/secrets.ts';
import { createSources } from '../sources/sources.ts';
import { createSecretsClient } from './calls/secrets.ts';

type Env = Record<string, string | undefined>;

/** The function's own settings are no secrets of a source: of the environment nothing is read. */
export function openSources(env: Env, privateHosts: readonly string[]): Sources {
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
  return createSources({ secrets: createSecretReader({ managed }), privateHosts, folders: [] });
}
