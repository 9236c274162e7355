// Clients that others generate from the document that the service gives: they compile, and what they do works.

import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cleanUp, newDataDir, type Server, startServer } from '../e2e/server.ts';
import { runPythonClient } from './python.ts';
import { runTypeScriptClient } from './typescript.ts';

const TOKEN = 'a-token-of-clients';

/** What parsers and their numbers lose. */
const EXACT = '{"big":12345678901234567890.1234567890,"huge":1e400,"twice":1,"twice":2,"text":"Zo\\u00eb"}';

/** Installing and compiling takes its time on a slow machine. */
const INSTALL_MS = 300_000;

let server: Server;

beforeAll(async () => {
  server = await startServer({ dataDir: newDataDir(), env: { BACKUP_API_TOKEN: TOKEN } });
});
afterAll(cleanUp);

const checksumOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

test.each([
  ['Python', runPythonClient],
  ['TypeScript', runTypeScriptClient],
])(
  'a generated client of %s creates, lists, restores, and is refused',
  async (_language, runClient) => {
    const data = { users: [{ id: 1, name: 'Zoë' }] };
    expect(await runClient(server.url, TOKEN, EXACT)).toEqual({
      byData: { status: 'completed', type: 'full', checksum: checksumOf(JSON.stringify(data)) },
      restored: data,
      byUpload: { status: 'completed', type: 'full', checksum: checksumOf(EXACT) },
      listed: [true],
      result: EXACT,
      state: EXACT,
      problem: { status: 404, code: 'backup_not_found' },
    });
  },
  INSTALL_MS,
);
