// What a function presigns, fetched as docs/large-states.md says by a caller whose credentials are temporary.

import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { OperationView } from '../../../lib/http/contract/restores-view.ts';
import { createShell } from '../../e2e/shell.ts';
import { capabilities } from '../capabilities.ts';
import { type SigningKey, sign, signingKeyOf } from '../sigv4.ts';
import { describeDeployed, eventually, locationOf } from './deployed.ts';

const STATE = '{"kept":9007199254740993}';
const WITHIN_MS = 30_000;

/** The lines of the page's block that holds `text`. */
function pageLines(text: string): string {
  const blocks = [...readFileSync('docs/large-states.md', 'utf8').matchAll(/^```bash\n([\s\S]*?)^```$/gm)];
  const found = blocks.filter(([, lines = '']) => lines.includes(text));
  expect(found).toHaveLength(1);
  return found[0]![1]!;
}

/** As `aws sts get-session-token` gives them. */
async function temporaryCredentials(): Promise<Record<string, string>> {
  const url = new URL(`${process.env.AWS_ENDPOINT_URL}/`);
  const key: SigningKey = { ...signingKeyOf(process.env), service: 'sts' };
  const body = 'Action=GetSessionToken&Version=2011-06-15';
  const headers = await sign(key, 'POST', url, body);
  headers['Content-Type'] = 'application/x-www-form-urlencoded';
  const answer = await fetch(url, { method: 'POST', headers, body });
  const said = await answer.text();
  const member = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(said)?.[1];
  const [id, secret, token] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(member);
  if (id === undefined || secret === undefined || token === undefined)
    throw new Error(`STS gave no credentials: ${said}`);
  return { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token };
}

describeDeployed('links', ({ client, apiUrl, unsignedUrl }) => {
  async function restoreInBackground(): Promise<OperationView> {
    const { id } = await client.backup({ resourceId: 'linked', state: STATE });
    const body = JSON.stringify({ backupId: id, targetResourceId: 'later' });
    const asked = await client.send('POST', '/restore', body, { Prefer: 'respond-async' });
    return eventually(WITHIN_MS, 'the restore', async () => {
      const operation = (await client.send('GET', locationOf(asked))).json<OperationView>();
      return operation.status === 'completed' ? operation : undefined;
    });
  }

  /** Where S3 has the result. */
  async function linkOf({ id }: OperationView): Promise<URL> {
    const result = `${apiUrl}/restore/operations/${id}/result`;
    const { headers } = await fetch(result, { redirect: 'manual' });
    return new URL(headers.get('location') ?? '');
  }

  test('a large result is fetched as the page says, with temporary credentials', async () => {
    const { id } = await restoreInBackground();
    const set = Object.entries({
      ...(await temporaryCredentials()),
      AWS_REGION: process.env.AWS_REGION,
      API_URL: unsignedUrl,
      OPERATION_ID: id,
    }).map(([name, value]) => `${name}='${value}'`);
    const out = await createShell().run(
      `set -e\n${set.join('\n')}\n${pageLines('%{redirect_url}')}\ncat state.json`,
    );
    expect(out).toBe(STATE);
  });

  test('a link is signed by the credentials of a role, and carries their token', async () => {
    const { searchParams } = await linkOf(await restoreInBackground());
    expect(searchParams.get('X-Amz-Security-Token')).toMatch(/./);
    const upload = (await client.send('POST', '/uploads')).json<{ url: string; expiresAt: string }>();
    const signed = new URL(upload.url).searchParams;
    expect(signed.get('X-Amz-Security-Token')).toMatch(/./);
    const [, ...time] = /^(....)(..)(..)T(..)(..)(..)Z$/.exec(signed.get('X-Amz-Date') ?? '')!;
    const [year, month, day, hour, minute, second] = time.map(Number);
    const signedAt = Date.UTC(year!, month! - 1, day, hour, minute, second);
    const end = signedAt + Number(signed.get('X-Amz-Expires')) * 1000;
    expect(Date.parse(upload.expiresAt)).toBe(end);
  });

  test('the headers of another signature are not for S3', async () => {
    const link = await linkOf(await restoreInBackground());
    const answer = await fetch(link, { headers: { 'x-amz-security-token': 'of-the-caller' } });
    expect(answer.status).toBe(capabilities().refusesUnsignedHeaders ? 403 : 200);
    expect((await fetch(link)).status).toBe(200);
  });
});
