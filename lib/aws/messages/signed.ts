// Calls of services that are asked for rarely and little: signed requests, without a client of the SDK for each.

import { AwsClient } from 'aws4fetch';

/** Sends a signed POST, once. Rejects with what fetch rejects with. */
export type SignedPost = (
  service: string,
  headers: Record<string, string>,
  body: string,
  signal: AbortSignal,
) => Promise<Response>;

/** As the runtime of a function has them in its environment; `AWS_ENDPOINT_URL` is an emulator's. */
export function createSignedPost(env: Readonly<Record<string, string | undefined>>): SignedPost {
  const { AWS_REGION: region = 'us-east-1', AWS_ENDPOINT_URL: endpoint } = env;
  return async (service, headers, body, signal) => {
    const url = endpoint === undefined ? `https://${service}.${region}.amazonaws.com/` : `${endpoint}/`;
    const aws = new AwsClient({
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      ...(env.AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: env.AWS_SESSION_TOKEN }),
      ...{ service, region, retries: 0 },
    });
    return fetch(await aws.sign(url, { method: 'POST', headers, body }), { signal });
  };
}
