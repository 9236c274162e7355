// What the service is measured against for small requests: a bare server that makes the same durable writes and proves nothing.
//
// POST /backups: reads the body, JSON.parse, gzip of the state, writes it to a new file in `tmp`, fsync, rename into the
// folder, fsync of the folder; writes the same rows in SQLite, of the same length (WAL, synchronous=FULL), where all that arrives in one turn of the
// event loop shares one transaction; answers 201 with a few members.
// POST /restore: reads the body, JSON.parse, looks the row up, reads the file, gunzip, commits an operation before and its
// end after, answers with the state.
// No encryption, no hash, no proof, no validation, no audit, no log.

import { randomUUID } from 'node:crypto';
import { closeSync, fsync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { bringToFormat } from '../../lib/embedded/catalog/catalog-format.ts';

const sync = promisify(fsync);
const folder = process.argv[2]!;
const [files, temporary] = [join(folder, 'files'), join(folder, 'tmp')];
for (const path of [files, temporary]) mkdirSync(path, { recursive: true });

const database = new DatabaseSync(join(folder, 'bare.sqlite'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
bringToFormat(database, join(folder, 'bare.sqlite'));
const count = database.prepare(
  'INSERT INTO counter VALUES (?, ?) ON CONFLICT (kind) DO UPDATE SET value = excluded.value',
);
const putHead = database.prepare(
  'INSERT INTO head (resource_id, version, doc) VALUES (?, ?, ?) ON CONFLICT (resource_id) DO UPDATE SET version = excluded.version, doc = excluded.doc',
);
const insertBackup = database.prepare(
  `INSERT INTO backup (id, resource_id, sequence, type, created_at, expires_at, live, own_blob, version, doc)
   VALUES (?, ?, ?, 'full', ?, ?, 1, ?, 1, ?)`,
);
const insertSnapshot = database.prepare(
  'INSERT INTO snapshot (resource_id, created_at, sequence, doc) VALUES (?, ?, ?, ?)',
);
const dropSnapshot = database.prepare('DELETE FROM snapshot WHERE resource_id = ? AND sequence <= ?');
const insertEvent = database.prepare(
  'INSERT INTO event (id, resource_id, published, doc) VALUES (?, ?, 1, ?)',
);
const insertOperation = database.prepare(
  `INSERT INTO operation (id, target_resource_id, chain_id, created_at, lease_until, finished, version, doc)
   VALUES (?, 'copy', 'chain', ?, ?, 0, 1, ?)`,
);
const finishOperation = database.prepare(
  'UPDATE operation SET finished = 1, version = 2, doc = ? WHERE id = ?',
);
const findBackup = database.prepare('SELECT doc FROM backup WHERE id = ?');

/** Stand for what the service keeps in a record, a head, an event and an operation: as long as there. */
const [RECORD, HEAD, EVENT, OPERATION] = [960, 1400, 230, 380].map((length) => 'x'.repeat(length));

let waiting: { write: () => void; done: () => void }[] = [];

/** Group commit, as the service has it. */
function commit(write: () => void): Promise<void> {
  return new Promise((done) => {
    if (waiting.push({ write, done }) > 1) return;
    setImmediate(() => {
      const group = waiting;
      waiting = [];
      database.exec('BEGIN IMMEDIATE');
      for (const task of group) task.write();
      database.exec('COMMIT');
      for (const task of group) task.done();
    });
  });
}

let ids = 0;
const sequences = new Map<string, number>();

async function backup(body: Buffer): Promise<unknown> {
  const { resourceId, data } = JSON.parse(body.toString());
  const id = ++ids;
  const packed = gzipSync(JSON.stringify(data));
  const passing = join(temporary, String(id));
  const file = openSync(passing, 'wx');
  writeSync(file, packed);
  await sync(file);
  closeSync(file);
  renameSync(passing, join(files, String(id)));
  const directory = openSync(files, 'r');
  await sync(directory);
  closeSync(directory);
  const answer = { id: `backup-${id}`, resourceId, size: packed.length, createdAt: new Date().toISOString() };
  const now = Date.now();
  const sequence = (sequences.get(resourceId) ?? 0) + 1;
  sequences.set(resourceId, sequence);
  await commit(() => {
    count.run('backup', id);
    putHead.run(resourceId, sequence, HEAD!);
    const doc = JSON.stringify({ ...answer, RECORD });
    insertBackup.run(answer.id, resourceId, sequence, now, now + 1e9, randomUUID(), doc);
    insertSnapshot.run(resourceId, now, sequence, JSON.stringify({ resourceId, now, sequence, id }));
    dropSnapshot.run(resourceId, sequence - 100);
    insertEvent.run(randomUUID(), resourceId, EVENT!);
  });
  return answer;
}

async function restore(body: Buffer): Promise<unknown> {
  const { backupId } = JSON.parse(body.toString());
  const operation = `restore-${++ids}`;
  const { doc } = findBackup.get(backupId) as { doc: string };
  const asked = commit(() => {
    count.run('restore', ids);
    insertOperation.run(operation, Date.now(), Date.now(), OPERATION!);
    insertEvent.run(randomUUID(), backupId, EVENT!);
  });
  const id = String(backupId).slice('backup-'.length);
  const data = JSON.parse(gunzipSync(readFileSync(join(files, id))).toString());
  await asked;
  await commit(() => {
    finishOperation.run(OPERATION!, operation);
    insertEvent.run(randomUUID(), backupId, EVENT!);
  });
  return { operation: JSON.parse(doc), data };
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', async () => {
    const answer = await (request.url === '/backups' ? backup : restore)(Buffer.concat(chunks));
    const text = Buffer.from(JSON.stringify(answer));
    const headers = { 'Content-Type': 'application/json', 'Content-Length': text.length };
    response.writeHead(request.url === '/backups' ? 201 : 200, headers).end(text);
  });
}

const server = createServer(serve).listen(0, '127.0.0.1', () => {
  process.stdout.write(`{"message":"listening","port":${(server.address() as AddressInfo).port}}\n`);
});
