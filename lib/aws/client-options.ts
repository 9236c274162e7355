// What all SDK clients have in common: whom they call, and how patient they are.

export interface ClientOptions {
  region?: string;
  /** Where an emulator listens; the services of AWS themselves without it. */
  endpoint?: string;
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

/** The SDK backs off between attempts; in adaptive mode it also slows down by itself while it is throttled. */
const ATTEMPTS_MAX = 4;
const CONNECTION_TIMEOUT_MS = 2000;
/** For the whole of one attempt at a small request. */
const REQUEST_TIMEOUT_MS = 8000;
/** A restore reads the blobs of a whole chain at once, each in several ranges. */
const SOCKETS_MAX = 96;

/** Options for any client. */
export function common(
  { region, endpoint, credentials }: ClientOptions,
  requestTimeoutMs = REQUEST_TIMEOUT_MS,
) {
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: ATTEMPTS_MAX,
    retryMode: 'adaptive',
    requestHandler: {
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: requestTimeoutMs,
      // Without this the SDK only logs that the time is over, and goes on waiting.
      throwOnRequestTimeout: true,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}
