// Signatures of AWS (SigV4) for callers by IAM, as the `sign` of a client.

import { AwsV4Signer } from 'aws4fetch';
import type { Sign } from './transport.ts';

export interface AwsCredentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface SignerOptions {
  /** Of the service; read from a URL of API Gateway without it. */
  region?: string;
  /** Asked for each call, so that they may change. */
  credentials: AwsCredentials | (() => AwsCredentials | Promise<AwsCredentials>);
}

/** Signs calls of API Gateway. Throws Error for a URL that names no region, where none is given. */
export function createSigner({ region, credentials }: SignerOptions): Sign {
  return async (request) => {
    const { hostname } = new URL(request.url);
    const place = region ?? /\.execute-api\.([a-z0-9-]+)\.amazonaws\./.exec(hostname)?.[1];
    if (place === undefined) throw new Error(`say of which region ${hostname} is`);
    const body = request.body === null ? undefined : await request.arrayBuffer();
    const given = typeof credentials === 'function' ? await credentials() : credentials;
    const signed = await new AwsV4Signer({
      ...given,
      ...{ method: request.method, url: request.url, headers: request.headers },
      ...(body === undefined ? {} : { body }),
      ...{ service: 'execute-api', region: place },
    }).sign();
    return new Request(signed.url, {
      ...{ method: signed.method, headers: signed.headers, redirect: 'manual', signal: request.signal },
      ...(body === undefined ? {} : { body }),
    });
  };
}
