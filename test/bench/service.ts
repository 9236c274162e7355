// The service in a process of its own, as its users run it, and what the measurements ask of it over HTTP.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface Service {
  port: number;
  pid: number;
  dataDir: string;
  /** Ends the process, and starts another one on the same folder, once what is to be done there in between is done. */
  restart(meanwhile?: (dataDir: string) => Promise<void>): Promise<Service>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

/** Starts the service, or another server that says its port in the same way, on an empty folder of its own. */
export function startService(script = 'bin/server.ts'): Promise<Service> {
  return startOn(mkdtempSync(join(tmpdir(), 'backup-bench-')), script);
}

async function startOn(dataDir: string, script: string): Promise<Service> {
  const child = spawn(process.execPath, [script, dataDir], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', BACKUP_DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    let output: string | undefined = '';
    child.once('exit', () => reject(new Error(`the service did not start: ${output}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      // Its log is read for as long as it runs, because a full pipe would stop it, but not kept.
      if (output === undefined) return;
      output += chunk.toString();
      const found = /"listening".*?"port":(\d+)/.exec(output);
      if (!found) return;
      output = undefined;
      resolve(Number(found[1]));
    });
  });
  const end = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  return {
    port,
    pid: child.pid!,
    dataDir,
    async restart(meanwhile) {
      await end();
      await meanwhile?.(dataDir);
      return startOn(dataDir, script);
    },
    async stop() {
      await end();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

export interface Created {
  id: string;
  compressedSize: number;
  chainLength: number;
}

export type BackupKind = 'full' | 'incremental' | 'differential';

/** Backs a state up: its bytes, or a source of them with their number. */
export async function create(
  port: number,
  resourceId: string,
  type: BackupKind,
  state: Uint8Array | { bytes: number; source: AsyncIterable<Uint8Array> },
): Promise<Created> {
  const head = Buffer.from(`{"resourceId":"${resourceId}","type":"${type}","data":`);
  const tail = Buffer.from('}');
  const { bytes, source } = state instanceof Uint8Array ? { bytes: state.length, source: [state] } : state;
  async function* body() {
    yield head;
    yield* source;
    yield tail;
  }
  const answer = await post(port, '/backups', head.length + bytes + tail.length, body());
  return JSON.parse((await whole(answer)).toString()) as Created;
}

/** The state of a backup. */
export async function restored(port: number, backupId: string): Promise<Buffer> {
  const answer = await whole(await requestRestore(port, backupId));
  return answer.subarray(answer.indexOf(DATA_MEMBER) + DATA_MEMBER.length, answer.length - 1);
}

const DATA_MEMBER = '"data":';

/** Hands the state of a backup over as it arrives; holds none of it. */
export async function* restoredChunks(port: number, backupId: string): AsyncGenerator<Uint8Array> {
  const answer = await requestRestore(port, backupId);
  let head: Buffer | undefined = Buffer.alloc(0);
  let held: Buffer | undefined;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    let bytes = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      const at = head.indexOf(DATA_MEMBER);
      if (at < 0) continue;
      bytes = head.subarray(at + DATA_MEMBER.length);
      head = undefined;
    }
    // One chunk behind: the last byte of all closes the answer and is no part of the state.
    if (held !== undefined) yield held;
    if (bytes.length > 0) held = bytes;
  }
  if (held !== undefined) yield held.subarray(0, held.length - 1);
}

function requestRestore(port: number, backupId: string): Promise<IncomingMessage> {
  const body = Buffer.from(JSON.stringify({ backupId, targetResourceId: 'bench' }));
  return post(port, '/restore', body.length, [body]);
}

/** Throws an Error that begins with the status if the answer is not 2xx. */
async function post(
  port: number,
  path: string,
  length: number,
  body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<IncomingMessage> {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': length };
  const sent = request({ host: '127.0.0.1', port, path, method: 'POST', headers, agent: false });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve);
    sent.once('error', reject);
  });
  // A service that refuses a body may close before it has taken it: then its answer counts, not the broken pipe.
  const sending = pipeline(Readable.from(body), sent).catch(() => undefined);
  const answer = await answered;
  if (answer.statusCode! < 300) return answer;
  const text = (await whole(answer)).subarray(0, 500).toString();
  sent.destroy();
  await sending;
  throw new Error(`${answer.statusCode} ${text}`);
}

async function whole(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
