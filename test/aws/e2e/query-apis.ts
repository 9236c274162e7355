// Services that these tests need and the product has no client for: by signed calls, as whoever deploys would make them.

import { createSignedPost } from '../../../lib/aws/messages/signed.ts';

const WITHIN_MS = 10_000;

/** Throws what the service has said where it says no. */
async function post(service: string, headers: Record<string, string>, body: string): Promise<string> {
  const send = createSignedPost(process.env);
  const answer = await send(service, headers, body, AbortSignal.timeout(WITHIN_MS));
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${service} gave ${answer.status}: ${text}`);
  return text;
}

/** SNS, IAM and their like: a form comes in, XML goes out. */
export function query(service: string, Version: string, form: Record<string, string>): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return post(service, headers, new URLSearchParams({ Version, ...form }).toString());
}

/** Makes a secret; gives its ARN. */
export async function makeSecret(Name: string, SecretString: string): Promise<string> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': 'secretsmanager.CreateSecret',
  };
  const body = JSON.stringify({ Name, SecretString, ClientRequestToken: crypto.randomUUID() });
  return (JSON.parse(await post('secretsmanager', headers, body)) as { ARN: string }).ARN;
}

/** Lets a function's role do something more, as an operator would who allows a source. */
export async function allow(functionName: string, Action: string[], Resource: string[]): Promise<void> {
  const found = await query('iam', '2010-05-08', { Action: 'ListRoles' });
  const stem = functionName.slice(0, functionName.indexOf('Function') + 'Functions'.length);
  const kind = /Functions(Schedules|Notify)/.exec(functionName)?.[1];
  const names = [...found.matchAll(/<RoleName>([^<]+)<\/RoleName>/g)].map(([, name]) => name!);
  const RoleName = names.find((name) => name.startsWith(`${stem}${kind}Role`));
  if (RoleName === undefined) throw new Error(`${functionName} has no role among ${names.join(', ')}`);
  const Statement = [{ Effect: 'Allow', Action, Resource }];
  await query('iam', '2010-05-08', {
    ...{ Action: 'PutRolePolicy', RoleName, PolicyName: 'OfSources' },
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
  });
}
