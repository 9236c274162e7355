// What `npm run check` holds the document against finds what is wrong with one.

import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { createOpenApi } from '../../lib/http/openapi/openapi.ts';
import { cleanUp, nodePath, temporaryFolder } from '../e2e/server.ts';

afterAll(cleanUp);

/** What the check says of the document. */
async function lint(document: object): Promise<string> {
  const file = join(temporaryFolder(), 'openapi.json');
  writeFileSync(file, JSON.stringify(document));
  const args = ['scripts/check-openapi.ts', file];
  return promisify(execFile)(nodePath(), args).then(
    () => '',
    ({ stderr }: { stderr: string }) => stderr,
  );
}

interface Operation {
  operationId: string;
  security: object[];
  responses: Record<string, { content: Record<string, object> }>;
}

const made = () =>
  JSON.parse(
    JSON.stringify(createOpenApi({ version: '1', security: 'token', server: 'https://a.internal' })),
  ) as { paths: Record<string, Record<string, Operation>>; components: { schemas: object } };

test('nothing is said of the document as it is', async () => {
  expect(await lint(made())).toBe('');
});

test.each<[string, (document: ReturnType<typeof made>) => void]>([
  [
    'no-unresolved-refs',
    ({ paths }) => {
      const { responses } = paths['/backups']!.get!;
      responses[200]!.content = { 'application/json': { schema: { $ref: '#/components/schemas/Gone' } } };
    },
  ],
  [
    'no-invalid-media-type-examples',
    ({ paths }) =>
      Object.assign(paths['/backups']!.get!.responses[200]!.content['application/json']!, { example: 1 }),
  ],
  [
    'operation-operationId-unique',
    ({ paths }) => Object.assign(paths['/backups']!.get!, { operationId: 'getHealth' }),
  ],
  ['security-defined', ({ paths }) => Object.assign(paths['/backups']!.get!, { security: [{ other: [] }] })],
  [
    'no-unused-components',
    ({ components }) => Object.assign(components.schemas, { Idle: { type: 'string' } }),
  ],
  ['struct', ({ paths }) => Object.assign(paths['/backups']!.get!, { summary: 1 })],
])('a breach of %s is found', async (rule, spoil) => {
  const document = made();
  spoil(document);
  expect(await lint(document)).toContain(`: ${rule} at #/`);
});
