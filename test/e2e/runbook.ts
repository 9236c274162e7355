// A section of the runbook on its bad day: its commands are typed into one shell, in the order in which they stand there, where
// the service would be started. Only the address, and where the copies are, is exchanged for what the test has.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { type Client, createClient } from './client.ts';
import { eventually, type LogLine, nodePath, temporaryFolder } from './server.ts';
import { shellEnvironment, withPort } from './shell.ts';

const DOCUMENTED_COPY = '/mnt/copy';
/** What `npm start` needs to find where it is typed. */
const PARTS = ['bin', 'lib', 'package.json', 'node_modules'];
/** Ends what a command has written: nobody types it. */
const END = '\x1e';

export interface Ended {
  code: number;
  /** Both outputs. */
  out: string;
  /** The output as JSON. */
  json<T = unknown>(): T;
}

export interface DayOptions {
  /** What stands under the heading is typed. */
  section: string;
  /** Settings of the operator's own. */
  env?: Record<string, string>;
  /** Where the service is started; a new folder unless given. */
  folder?: string;
  /** A command to run the shell behind. */
  prefix?: string[];
}

export interface Day {
  /** Where the commands are typed, and `.data` is. */
  folder: string;
  dataDir: string;
  /** Where the copies are. */
  copies: string;
  client: Client;
  /** The log of the service that was started last. */
  logs(): Promise<LogLine[]>;
  /** Types the next command of the section, which has to be of this form. `npm start` is left running. */
  type(form: RegExp): Promise<Ended>;
  /** Types something that the section says in words. */
  also(command: string): Promise<Ended>;
  /** Ctrl-C. */
  stop(): Promise<void>;
  /** A start that must fail; gives the reason. */
  refusal(): Promise<string>;
  /** Nothing of the section is left. */
  done(): void;
}

const shells = new Set<ChildProcess>();

/** For `afterEach`, before the folders go: the shells, and all that was started in them. */
export async function endDays(): Promise<void> {
  for (const shell of shells) {
    const ended = new Promise((done) => shell.on('exit', done));
    process.kill(-shell.pid!, 'SIGKILL');
    await ended;
  }
  shells.clear();
}

/** The commands of a section of the runbook, in order. Throws if there is no such section. */
export function commandsOf(heading: string): string[] {
  const text = readFileSync('docs/operations.md', 'utf8');
  const part = text.split(/^#{2,4} /m).find((one) => one.startsWith(`${heading}\n`));
  if (part === undefined) throw new Error(`the runbook has no section "${heading}"`);
  const blocks = [...part.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => line.trim() !== '');
}

/** The headings under which something is to be typed. */
export function sectionsWithCommands(): string[] {
  const parts = readFileSync('docs/operations.md', 'utf8').split(/^#{2,4} /m);
  return parts.filter((part) => /^```sh$/m.test(part)).map((part) => part.split('\n')[0]!);
}

export async function beginDay({ section, env = {}, folder, prefix = [] }: DayOptions): Promise<Day> {
  const here = folder ?? temporaryFolder();
  const copies = temporaryFolder();
  // Not where a full disk may be.
  const logs = temporaryFolder();
  let starts = 0;
  const port = await freePort();
  const shell = openShell(here, { ...env, PORT: String(port) }, prefix);
  // In the shell, for what lies on a disk of its own is seen by nobody else.
  await shell.run(`ln -s ${PARTS.map((part) => `'${resolve(part)}'`).join(' ')} .`);
  const left = commandsOf(section);
  let service: { pid: number; log: string } | undefined;

  const typed = (command: string): Promise<Ended> =>
    shell.run(withPort(command, port).replaceAll(DOCUMENTED_COPY, copies));

  async function start(command: string): Promise<Ended> {
    await stop();
    const log = join(logs, String(++starts));
    const line = command.replace('npm start', 'exec npm start');
    const { out } = await typed(`(\n${line}\n) >'${log}' 2>&1 </dev/null & echo $!`);
    const pid = Number(/\d+/.exec(out)![0]);
    const said = async (): Promise<string> => (await shell.run(`cat '${log}'`)).out;
    let text = '';
    await eventually(30_000, 'the service to listen or to end', async () => {
      text = await said();
      return /"message":"listening"|cannot start/.test(text);
    });
    if (text.includes('cannot start')) {
      return endedWith((await shell.run(`wait ${pid}`)).code, text);
    }
    service = { pid, log };
    return endedWith(0, text);
  }

  async function stop(): Promise<void> {
    if (service === undefined) return;
    const { pid } = service;
    service = undefined;
    const { code } = await shell.run(`kill -INT ${pid}; wait ${pid}`);
    if (code === 127) throw new Error('the service had ended by itself');
  }

  const perform = (command: string): Promise<Ended> =>
    /^([A-Z_]+=\S+ )*npm start/.test(command) ? start(command) : typed(command);

  return {
    folder: here,
    dataDir: join(here, '.data'),
    copies,
    client: createClient(`http://127.0.0.1:${port}`),
    logs: async () => (service === undefined ? [] : linesOf((await shell.run(`cat '${service.log}'`)).out)),
    async type(form) {
      const command = left.shift();
      if (command === undefined || !form.test(command)) {
        throw new Error(`the runbook says ${command ?? 'nothing more'}, not ${form}`);
      }
      return perform(command);
    },
    also: perform,
    stop,
    async refusal() {
      const { code, out } = await start('npm start');
      if (code === 0) throw new Error('the service has started');
      return String(linesOf(out).find(({ message }) => message === 'cannot start')?.reason);
    },
    done() {
      if (left.length > 0) throw new Error(`of the section nobody has typed: ${left.join(' | ')}`);
    },
  };
}

function openShell(folder: string, env: Record<string, string>, prefix: string[]) {
  const inherited = shellEnvironment(temporaryFolder());
  const [program, ...rest] = [...prefix, 'bash', '--noprofile', '--norc'];
  const shell = spawn(program!, rest, {
    cwd: folder,
    env: { ...inherited, ...env, PATH: `${dirname(nodePath())}:${inherited.PATH}` },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of processes of its own, so that all of it can be ended.
    detached: true,
  });
  shells.add(shell);
  let text = '';
  for (const stream of [shell.stdout, shell.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  }
  // A prefix may come with a folder of its own.
  shell.stdin.write(`cd '${folder}' && exec 2>&1\n`);
  return {
    async run(command: string): Promise<Ended> {
      text = '';
      shell.stdin.write(`${command}\nprintf '\\036%d\\036' $?\n`);
      await eventually(120_000, command, () => text.split(END).length > 2);
      const [out, code] = text.split(END);
      return endedWith(Number(code), out!);
    },
  };
}

function endedWith(code: number, out: string): Ended {
  return {
    code,
    out,
    json: <T>() => {
      const from = out.indexOf('{');
      return JSON.parse(out.slice(from, out.lastIndexOf('}') + 1)) as T;
    },
  };
}

function linesOf(text: string): LogLine[] {
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}

/** One that nobody has right now: the service is started on it more than once. */
function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer().on('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** Copies that an operator would have made: the folder of the stopped service as it is now. */
export function copyTo(day: Day): Promise<Ended> {
  mkdirSync(day.copies, { recursive: true });
  return day.also(`rm -rf '${day.copies}/.data' && cp -a .data '${day.copies}/'`);
}
