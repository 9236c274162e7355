// The command line as its users run it: a process of its own, in a folder of its own, against the service as it runs.

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import {
  cleanEnvironment,
  cleanUp,
  nodePath,
  type Server,
  startServer,
  temporaryFolder,
} from '../e2e/server.ts';

export let server: Server;
/** Where commands are typed. */
export let folder: string;

/** While the tests of a file run, the service does, with what settings make of the folder. */
export function withService(settings: (folder: string) => Record<string, string> = () => ({})): void {
  beforeAll(async () => {
    folder = temporaryFolder();
    server = await startServer({ dataDir: join(folder, 'data'), env: settings(folder) });
  });
  afterAll(cleanUp);
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export const BRS = join(process.cwd(), 'bin/brs.mjs');
/** What runs the tests may have said of its own terminal: each test says what it is about. */
const TERMINAL = /^(CI|NO_COLOR|NODE_DISABLE_COLORS|FORCE_COLOR|TERM|COLORTERM|TMUX)$/;
export const environment = (env: Record<string, string> = {}) => ({
  ...Object.fromEntries(Object.entries(cleanEnvironment()).filter(([name]) => !TERMINAL.test(name))),
  PATH: `${dirname(nodePath())}:${process.env.PATH}`,
  XDG_CONFIG_HOME: join(folder, 'config'),
  BACKUP_URL: server.url,
  TZ: 'UTC',
  ...env,
});

export async function run(
  command: string,
  args: string[],
  input = '',
  env: Record<string, string> = {},
): Promise<Ended> {
  const child = spawn(command, args, { cwd: folder, env: environment(env), stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const code = await new Promise<number | null>((done) => child.once('close', done));
  return { code, out, err };
}

export const brs = (...args: string[]) => run(nodePath(), [BRS, ...args]);
export const shell = (line: string) => run('bash', ['-c', line.replaceAll('brs ', `node ${BRS} `)]);
/** On a terminal that answers with these lines. */
export const onTerminal = (line: string, answers: string) =>
  run('script', ['-qec', `node ${BRS} ${line}`, '/dev/null'], answers, { TERM: 'xterm' });

export const lines = ({ out }: Ended) => out.trimEnd().split('\n');
export const objects = (ended: Ended) =>
  lines(ended).map((line) => JSON.parse(line) as Record<string, unknown>);
