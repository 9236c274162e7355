// Starts the AWS emulator that the tests run on, or takes one that is running already. Plain Node can load this file,
// and so can the test runner.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** From PyPI. */
const MINISTACK_VERSION = '1.5.33';
const VENV = '.venv-aws';
const HEALTHY_WITHIN_MS = 60_000;
const STOPS_WITHIN_MS = 5000;

export interface Emulator {
  endpoint: string;
  /** What AWS clients need in their environment to find it. */
  env: Record<string, string>;
  /** Ends it with all that it has started; does nothing to one that was running before. */
  stop(): Promise<void>;
}

/**
 * Takes the emulator at `AWS_ENDPOINT_URL` (LocalStack, for example), or installs MiniStack once into a virtual
 * environment of the project and starts it on a free port of the loopback interface, with a state of its own.
 * To be called from the project's folder.
 */
export async function startEmulator(): Promise<Emulator> {
  const running = process.env.AWS_ENDPOINT_URL;
  if (running !== undefined && running !== '') {
    await untilHealthy(running, () => undefined);
    return { endpoint: running, env: clientEnv(running), stop: async () => {} };
  }
  const root = process.cwd();
  const python = installed(root);
  const home = mkdtempSync(join(tmpdir(), 'backup-aws-'));
  const port = await freePort();
  // By address: for a name, S3 clients would put the bucket before it.
  const endpoint = `http://127.0.0.1:${port}`;
  const log = join(home, 'emulator.log');
  const child = spawn(python, ['-m', 'ministack'], {
    cwd: home,
    env: serverEnv(root, home, port),
    stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')],
    // A process group of its own, so that the functions it runs can be ended with it.
    detached: true,
  });
  // It would outlive a run that is broken off.
  const killNow = (): void => killGroup(child);
  process.once('exit', killNow);
  const stop = async (): Promise<void> => {
    process.off('exit', killNow);
    await end(child);
    rmSync(home, { recursive: true, force: true });
  };
  try {
    await untilHealthy(endpoint, () => (isOver(child) ? readFileSync(log, 'utf8').slice(-2000) : undefined));
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoint, env: clientEnv(endpoint), stop };
}

/** The Python of the virtual environment, made on the first call and whenever the version has changed. */
function installed(root: string): string {
  const venv = join(root, VENV);
  const python = join(venv, 'bin', 'python');
  const mark = join(venv, 'ministack.version');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === MINISTACK_VERSION) return python;
  const run = (file: string, ...args: string[]) => execFileSync(file, args, { stdio: 'pipe' });
  run('python3', '-m', 'venv', '--clear', venv);
  run(python, '-m', 'pip', 'install', '--quiet', `ministack==${MINISTACK_VERSION}`);
  // Nothing of it is the project's to keep.
  writeFileSync(join(venv, '.gitignore'), '*\n');
  // Last, so that an installation that broke off is begun anew.
  writeFileSync(mark, MINISTACK_VERSION);
  return python;
}

function serverEnv(root: string, home: string, port: number): NodeJS.ProcessEnv {
  const temporary = join(home, 'tmp');
  mkdirSync(temporary);
  const { AWS_PROFILE: _profile, ...inherited } = process.env;
  return {
    ...inherited,
    HOME: home,
    TMPDIR: temporary,
    STATE_DIR: join(home, 'state'),
    S3_DATA_DIR: join(home, 's3'),
    BIND_HOST: '127.0.0.1',
    GATEWAY_PORT: String(port),
    IOT_MTLS_ENABLED: '0',
    LAMBDA_WARM_TTL_SECONDS: '60',
    LOG_LEVEL: 'WARNING',
    // It runs functions with the `node` that it finds, and they find there what is not in their bundles.
    NODE_PATH: join(root, 'node_modules'),
    PATH: `${join(root, 'node_modules', 'node', 'bin')}:${process.env.PATH ?? ''}`,
  };
}

function clientEnv(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    // Else the SDK asks for credentials where only a machine in AWS has them.
    AWS_EC2_METADATA_DISABLED: 'true',
  };
}

async function untilHealthy(endpoint: string, failure: () => string | undefined): Promise<void> {
  const until = Date.now() + HEALTHY_WITHIN_MS;
  while (Date.now() < until) {
    const failed = failure();
    if (failed !== undefined) throw new Error(`the emulator has ended:\n${failed}`);
    // LocalStack's path; MiniStack has it too.
    const answer = await fetch(`${endpoint}/_localstack/health`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) return;
    await delay(100);
  }
  throw new Error(`no emulator answers at ${endpoint}`);
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
