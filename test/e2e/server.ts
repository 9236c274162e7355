// The service as its users run it: a process of its own, on a free port, with a data folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

export interface LogLine {
  time: string;
  level: string;
  message: string;
  [field: string]: unknown;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ServerOptions {
  dataDir: string;
  /** Settings; PORT is a free one unless given. */
  env?: Record<string, string>;
  /** A command to run it behind. */
  prefix?: string[];
  /** Another than the source of it. */
  program?: string;
}

export interface Server {
  url: string;
  port: number;
  pid: number;
  dataDir: string;
  logs: LogLine[];
  exited: Promise<Exit>;
  /** Asks it to end, and waits until it has. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
  /** `kill -9`: nothing of it runs any more once this resolves. */
  kill(): Promise<Exit>;
}

interface Started {
  child: ChildProcess;
  logs: LogLine[];
  exited: Promise<Exit>;
}

const START_MS = 60_000;
const NODE_MAJOR = 24;

const running = new Set<Started>();
const folders: string[] = [];

/** The product runs on the release of Node that its package names, whichever runs the tests. */
export function nodePath(): string {
  const ours = process.versions.node.startsWith(`${NODE_MAJOR}.`);
  return ours ? process.execPath : resolve('node_modules/.bin/node');
}

/** A folder that `cleanUp` removes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'backup-e2e-'));
  folders.push(folder);
  return folder;
}

/** The name of a data folder that is not there yet. */
export function newDataDir(): string {
  return join(temporaryFolder(), 'data');
}

/** For `afterEach` or `afterAll`: ends what this file has started, and removes what it has written. */
export async function cleanUp(): Promise<void> {
  for (const { child, exited } of running) {
    child.kill('SIGKILL');
    await exited;
  }
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

/** Resolves once the service listens. Throws, with its log, if it ends before that. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { dataDir } = options;
  const started = spawnServer(options);
  const { child, logs, exited } = started;
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const port = await eventually(START_MS, 'the service to listen', () => {
    if (ended) throw new Error(`the service did not start: ${JSON.stringify(logs)}`);
    return logs.find(({ message }) => message === 'listening')?.port as number | undefined;
  });
  const end = (signal: NodeJS.Signals): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid!,
    dataDir,
    logs,
    exited,
    stop: (signal = 'SIGTERM') => end(signal),
    kill: () => end('SIGKILL'),
  };
}

/** Runs the service where it must refuse to start. */
export async function runToExit(options: ServerOptions): Promise<Exit & { logs: LogLine[] }> {
  const { child, logs, exited } = spawnServer(options);
  const late = setTimeout(() => child.kill('SIGKILL'), START_MS);
  const exit = await exited;
  clearTimeout(late);
  return { ...exit, logs };
}

/** The first line, written already or yet to come, that matches. Throws when none has come in time. */
export async function waitForLog(
  logs: readonly LogLine[],
  matches: (line: LogLine) => boolean,
  timeoutMs: number,
): Promise<LogLine> {
  return eventually(timeoutMs, 'a line of the log', () => logs.find(matches));
}

/** Asks again and again until there is an answer that is neither undefined nor false. */
export async function eventually<T>(
  timeoutMs: number,
  what: string,
  ask: () => T | Promise<T>,
): Promise<Exclude<T, undefined | false>> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (Date.now() > until) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await wait(20);
  }
}

/** What lies in the folders of a stopped or running service. */
export function filesIn(dataDir: string): { blobs: string[]; passing: string[] } {
  const shards = readdirSync(join(dataDir, 'blobs'));
  return {
    blobs: shards.flatMap((shard) => readdirSync(join(dataDir, 'blobs', shard))),
    passing: readdirSync(join(dataDir, 'tmp')),
  };
}

function spawnServer({ dataDir, env = {}, prefix = [], program = 'bin/server.ts' }: ServerOptions): Started {
  const [command, ...rest] = [...prefix, nodePath(), resolve(program)];
  const child = spawn(command!, rest, {
    env: { ...cleanEnvironment(), PORT: '0', BACKUP_DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const logs: LogLine[] = [];
  eachLine(child.stdout!, (line) => logs.push(JSON.parse(line) as LogLine));
  // Nothing is ever written there on purpose: whatever comes is for the reader of a failed test, and fails `crashes`.
  eachLine(child.stderr!, (line) => logs.push({ time: '', level: 'stderr', message: line }));
  const exited = new Promise<Exit>((done) => {
    child.on('close', (code, signal) => done({ code, signal }));
  });
  const started = { child, logs, exited };
  running.add(started);
  void exited.then(() => running.delete(started));
  return started;
}

/** Ours, without what would configure the service, or send a call to this machine through a proxy. */
export function cleanEnvironment(): Record<string, string> {
  const foreign = /^(PORT|HOST|BACKUP_.*|NODE_ENV|JEST_.*|.*_proxy|CURL_HOME)$/i;
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && !foreign.test(entry[0]),
    ),
  );
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') take(line);
  });
}

/** Lines that nobody wants to see: unexpected errors, background work that failed, anything on stderr. */
export function mishaps(logs: readonly LogLine[]): LogLine[] {
  return logs.filter(({ level }) => level === 'error' || level === 'stderr');
}
