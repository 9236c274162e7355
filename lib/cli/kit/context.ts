// What every verb is given: the service, where words and data go, and how times are read.

import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { type Client, createClient, type Sign } from '../../client/client.ts';
import { type Edge, formatAge, formatTime, isZone, parseTime } from '../../client/times.ts';
import type { Sources } from '../../ports/source.ts';
import { CliError, EXIT } from './exit.ts';
import { resolveSettings, type Settings } from './profile.ts';
import { createProgress, type Progress } from './progress.ts';
import type { Style } from './words.ts';

/** The process, as far as a command sees it. */
export interface Terminal {
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Aborted when the user interrupts. */
  signal: AbortSignal;
  /** What reads states beside this process, loaded when it is asked for. */
  sources: () => Promise<Sources>;
}

export interface GlobalOptions extends Settings {
  profile?: string;
  json?: boolean;
  quiet?: boolean;
  /** commander's `--no-input`. */
  input?: boolean;
  color?: boolean;
}

export interface Context {
  client: Client;
  settings: Settings & { url: string; profile?: string };
  /** Of the profile, for what is not asked by the client. */
  credentials: { token?: string; sign?: Sign };
  isJson: boolean;
  zone: string;
  now: number;
  signal: AbortSignal;
  terminal: Terminal;
  /** To stdout: data. Resolves once it is taken. */
  data(text: string | Uint8Array): Promise<void>;
  /** A line of data. */
  line(text: string): Promise<void>;
  /** A value of data, as a line of JSON. */
  json(value: unknown): Promise<void>;
  /** To stderr: words for a person. */
  say(text: string): void;
  style(style: Style, text: string): string;
  progress(what: string, total?: number): Progress;
  /** A time as somebody typed it, to what the service takes. Throws CliError. */
  time(text: string, edge: Edge): string;
  /** An instant of an answer, in the zone. */
  show(iso: string): string;
  age(seconds: number): string;
  /** Throws CliError `refused` unless a person says yes, or `--yes` has been said. */
  confirm(question: string, isYes: boolean | undefined): Promise<void>;
}

export async function createContext(options: GlobalOptions, terminal: Terminal): Promise<Context> {
  const { stdin, stdout, stderr, env, signal } = terminal;
  const settings = {
    ...resolveSettings(options, env),
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
  const zone = settings.tz ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!isZone(zone))
    throw new CliError(`${zone} is no time zone: use a name of the IANA database, as Europe/Berlin`);
  const now = Date.now();
  const isQuiet = options.quiet === true;
  const data = async (text: string | Uint8Array): Promise<void> => {
    if (stdout.write(text)) return;
    await new Promise<void>((resolve) => {
      stdout.once('drain', resolve);
    });
  };
  const say = (text: string): void => {
    if (!isQuiet) stderr.write(`${text}\n`);
  };
  const credentials = await credentialsOf(settings);
  return {
    client: createClient({ url: settings.url, ...credentials }),
    ...{ settings, credentials, zone, now, signal, terminal, data, say },
    isJson: options.json === true,
    line: (text) => data(`${text}\n`),
    json: (value) => data(`${JSON.stringify(value)}\n`),
    style: (style, text) => {
      if (options.color === false) return text;
      return styleText(style, text, { stream: stdout, validateStream: true });
    },
    progress: (what, total) =>
      createProgress({
        ...{ what, isTerminal: stderr.isTTY === true, isQuiet, write: (text) => stderr.write(text) },
        ...(total === undefined ? {} : { total }),
      }),
    time(text, edge) {
      const parsed = parseTime(text, edge, { now, zone });
      if (parsed !== undefined) return parsed;
      throw new CliError(
        `${text} is no time: use "2026-11-26 14:00", "yesterday 14:00", "last tuesday", -2h, latest, -1, a backup's id, or RFC 3339`,
      );
    },
    show: (iso) => formatTime(iso, zone),
    age: formatAge,
    async confirm(question, isYes) {
      if (isYes === true) return;
      if (stdin.isTTY !== true || stderr.isTTY !== true || options.input === false) {
        throw new CliError(
          `${question} Nothing was done: say --yes where nobody can be asked.`,
          EXIT.refused,
        );
      }
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        const answer = await lines.question(`${question} [y/N] `, { signal });
        if (/^y(es)?$/i.test(answer.trim())) return;
      } finally {
        lines.close();
      }
      throw new CliError('Nothing was done.', EXIT.refused);
    },
  };
}

/** By token; or signed, where that is said or the URL is one of API Gateway. */
async function credentialsOf({
  url,
  token,
  auth,
  region,
}: Settings & { url: string }): Promise<Context['credentials']> {
  const isGateway = /\.execute-api\.[a-z0-9-]+\.amazonaws\.com/.test(url);
  if (auth === 'token' || (auth === undefined && (token !== undefined || !isGateway))) {
    return token === undefined ? {} : { token };
  }
  // Only who signs waits for it to be loaded.
  const [{ createSigner }, { defaultProvider }] = await Promise.all([
    import('../../client/aws.ts'),
    import('@aws-sdk/credential-provider-node'),
  ]);
  const credentials = defaultProvider();
  return {
    sign: createSigner({
      ...(region === undefined ? {} : { region }),
      async credentials() {
        const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
        return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
      },
    }),
  };
}
