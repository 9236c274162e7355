// What the service is measured against for small requests: a bare server that makes the same durable writes and proves nothing.
//
// POST /backups: reads the body, JSON.parse, gzip of the state, writes it to a new file in `tmp`, fsync, rename into the
// folder, fsync of the folder; inserts one row in SQLite (WAL, synchronous=FULL), where all that arrives in one turn of the
// event loop shares one transaction; answers 201 with a few members.
// POST /restore: reads the body, JSON.parse, looks the row up, reads the file, gunzip, inserts one row in the same way, answers
// with the state.
// No encryption, no hash, no proof, no validation, no audit, no log.

import { closeSync, fsync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';

const sync = promisify(fsync);
const folder = process.argv[2]!;
const [files, temporary] = [join(folder, 'files'), join(folder, 'tmp')];
for (const path of [files, temporary]) mkdirSync(path, { recursive: true });

const database = new DatabaseSync(join(folder, 'bare.sqlite'));
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
database.exec(`CREATE TABLE backup (id INTEGER PRIMARY KEY, resource TEXT, at INTEGER, doc TEXT);
  CREATE TABLE restore (id INTEGER PRIMARY KEY, backup INTEGER, at INTEGER)`);
const insertBackup = database.prepare('INSERT INTO backup (id, resource, at, doc) VALUES (?, ?, ?, ?)');
const insertRestore = database.prepare('INSERT INTO restore (backup, at) VALUES (?, ?)');
const findBackup = database.prepare('SELECT doc FROM backup WHERE id = ?');

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
  await commit(() => insertBackup.run(id, resourceId, Date.now(), JSON.stringify(answer)));
  return answer;
}

async function restore(body: Buffer): Promise<unknown> {
  const { backupId } = JSON.parse(body.toString());
  const id = Number(String(backupId).slice('backup-'.length));
  const { doc } = findBackup.get(id) as { doc: string };
  const data = JSON.parse(gunzipSync(readFileSync(join(files, String(id)))).toString());
  await commit(() => insertRestore.run(id, Date.now()));
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
