// Uses the client whose types openapi-typescript has generated beside this file, and prints what it was given, as JSON.

import createClient from 'openapi-fetch';
import type { components, paths } from './schema.ts';

type Schemas = components['schemas'];

const [url, token, exact] = process.argv.slice(2) as [string, string, string];
const client = createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });

/** Asks until there is an answer. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < 200; i += 1) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error('waited in vain');
}

/** The answer, which must be no problem. */
function good<T>({ data, error }: { data?: T; error?: Schemas['Problem'] }): T {
  if (data === undefined) throw new Error(`refused: ${error?.code}`);
  return data;
}

const created = good(
  await client.POST('/backups', {
    params: { header: { 'Idempotency-Key': 'typescript-1' } },
    body: { resourceId: 'typescript-data', data: { users: [{ id: 1, name: 'Zoë' }] } },
  }),
);
if (!('chainLength' in created)) throw new Error('no backup was made');
const byData: Schemas['Backup'] = created;

const upload = good(await client.POST('/uploads', { body: { bytes: Buffer.byteLength(exact) } }));
// Where an upload goes may be another host, which must not be told the token.
const put = await fetch(upload.url, { method: upload.method, headers: upload.headers ?? {}, body: exact });
if (!put.ok) throw new Error(`the upload was refused: ${put.status}`);
const pending = good(
  await client.POST('/backups', { body: { resourceId: 'typescript-upload', uploadId: upload.uploadId } }),
);
const byUpload = await until(async () => {
  const found = good(await client.GET('/backups/{id}', { params: { path: { id: pending.id } } }));
  return found.status === 'completed' ? found : undefined;
});

const query = { resourceId: 'typescript-upload' };
const listed = good(await client.GET('/backups', { params: { query } }));

const restored = good(
  await client.POST('/restore', { body: { backupId: byData.id, targetResourceId: 'typescript-restored' } }),
);
if (!('data' in restored)) throw new Error('a plan was not asked for');
const accepted = good(
  await client.POST('/restore', {
    params: { header: { Prefer: 'respond-async' } },
    body: { backupId: byUpload.id, targetResourceId: 'typescript-restored' },
  }),
);
if (!('operation' in accepted)) throw new Error('a plan was not asked for');
const operation = await until(async () => {
  const path = { id: accepted.operation.id };
  const found = good(await client.GET('/restore/operations/{id}', { params: { path } }));
  return found.status === 'completed' ? found : undefined;
});
// As text: JSON.parse would lose digits.
const result = await client.GET('/restore/operations/{id}/result', {
  params: { path: { id: operation.id } },
  parseAs: 'text',
});
const state = await client.GET('/resources/{resourceId}/state', {
  params: { path: { resourceId: 'typescript-upload' } },
  parseAs: 'text',
});

const { error } = await client.GET('/backups/{id}', { params: { path: { id: 'no-such-backup' } } });
if (error === undefined) throw new Error('what is not there was found');
const code: Schemas['Problem']['code'] = error.code;

process.stdout.write(
  JSON.stringify({
    byData: { status: byData.status, type: byData.type, checksum: byData.checksum },
    restored: restored.data,
    byUpload: { status: byUpload.status, type: byUpload.type, checksum: byUpload.checksum },
    listed: listed.backups.map(({ id }) => id === byUpload.id),
    result: good(result),
    state: good(state),
    problem: { status: error.status, code },
  }),
);
