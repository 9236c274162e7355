// A server of the tests' own: a child process with a home that goes with it, ended with all that it has started.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A server that is installed. */
export interface ServerProgram {
  /** That which starts it. */
  python: string;
  /** What is run: a module of that Python, or a command with its arguments. */
  runs: { module: string } | { command(home: string, port: number): string[] };
  /** The whole environment, for a start with this home and on this port. */
  env(home: string, port: number): NodeJS.ProcessEnv;
  /** Answers 200 once it is up. */
  readyPath: string;
}

export interface Server {
  endpoint: string;
  stop(): Promise<void>;
}

const LAUNCHER = join(process.cwd(), 'test/aws/with_starter.py');
const READY_WITHIN_MS = 90_000;
const STOPS_WITHIN_MS = 5000;

/** On a free port of the loopback interface, with a state of its own. Throws what it has said if it does not come up. */
export async function startServer({ python, runs, env, readyPath }: ServerProgram): Promise<Server> {
  const home = mkdtempSync(join(tmpdir(), 'backup-aws-'));
  const port = await freePort();
  // By address: for a name, S3 clients would put the bucket before it.
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(home, 'server.log');
  const what = 'module' in runs ? [runs.module] : ['--', ...runs.command(home, port)];
  const child = spawn(python, ['-B', LAUNCHER, ...what], {
    cwd: home,
    env: env(home, port),
    // Its input ends when this process does, and it with that: see the launcher.
    stdio: ['pipe', openSync(log, 'a'), openSync(log, 'a')],
    // A process group of its own, so that the functions it runs can be ended with it.
    detached: true,
  });
  // And at once where this process can still say so.
  const killNow = (): void => killGroup(child);
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    process.off('exit', killNow);
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilReady(endpoint + readyPath, () => {
      if (isOver(child)) throw new Error('it has ended');
    });
  } catch (error) {
    const said = readFileSync(log, 'utf8').slice(-2000);
    await stop();
    throw new Error(`the server does not come up: ${String(error)}\n${said}`);
  }
  return { endpoint, stop };
}

/** Throws what `check` throws meanwhile, or that nobody answers. */
export async function untilReady(url: string, check: () => void = () => undefined): Promise<void> {
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await delay(100)) {
    check();
    if (await answers(url)) return;
  }
  throw new Error(`nothing answers at ${url}`);
}

/** Whether a GET is answered with success. */
export async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    // Nobody listens there, or not any more.
    return false;
  }
}

/** Its own process first, politely; then whatever is left of its group. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  child.kill('SIGTERM');
  for (const until = Date.now() + STOPS_WITHIN_MS; !isOver(child) && Date.now() < until; ) {
    await delay(50);
  }
  killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing is left of it.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function isOver(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
