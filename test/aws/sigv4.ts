// Signs requests as AWS wants them (Signature Version 4), by the signer of its SDK, for clients that are not the SDK.

import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

export interface SigningKey {
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
  service: string;
}

/** The headers that make the request a signed one. */
export async function sign(
  { accessKeyId, secretAccessKey, region, service }: SigningKey,
  method: string,
  { host, protocol, pathname, searchParams }: URL,
  body: Uint8Array | string = '',
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    credentials: { accessKeyId, secretAccessKey },
    region,
    service,
    sha256: Sha256,
    applyChecksum: false,
  });
  const query = Object.fromEntries(
    [...new Set(searchParams.keys())].map((name) => [name, searchParams.getAll(name)]),
  );
  const request = { method, protocol, hostname: host, path: pathname, query, headers: { host }, body };
  const { host: _host, ...headers } = (await signer.sign(request)).headers;
  return headers;
}

/** The key that an environment holds for AWS clients. */
export function signingKeyOf(env: Record<string, string | undefined>): Omit<SigningKey, 'service'> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION = '' } = env;
  return { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY, region: AWS_REGION };
}
