// What signs the calls of a function that has no SDK client for them: the credentials that its environment gives it, and where AWS is.

export interface SignedBy {
  region: string;
  /** Where an emulator listens; AWS itself without it. */
  endpoint?: string;
  /** Asked for each call, so that they may change. */
  credentials: () => { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

export function signedByEnvironment(env: Readonly<Record<string, string | undefined>>): SignedBy {
  const { AWS_ENDPOINT_URL: endpoint } = env;
  return {
    region: env.AWS_REGION ?? 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: () => ({
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
    }),
  };
}
