// The command line: which verbs there are, what each takes, and how each ends. The verbs themselves are a file a noun, beside it.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { BackupError } from '../client/client.ts';
import { VERSION } from '../version.ts';
import { addNotify, addPolicy, addTerraform, addTokens } from './admin-commands.ts';
import { completion } from './completion.ts';
import { type Context, createContext, type GlobalOptions, type Terminal } from './kit/context.ts';
import { CliError, EXIT, exitOf } from './kit/exit.ts';
import { printable } from './kit/words.ts';
import { addSchedules } from './schedule-commands.ts';
import * as admin from './verbs/admin.ts';
import { create, importDumps } from './verbs/create.ts';
import * as keep from './verbs/keep.ts';
import * as lists from './verbs/lists.ts';
import * as look from './verbs/look.ts';
import { restore } from './verbs/restore.ts';
import { run as runSource } from './verbs/run.ts';

/** What is not asked over HTTP: programs of the embedded home, given what stands behind their word. */
export type Programs = Record<'serve' | 'rebuild' | 'quarantine', (args: string[]) => Promise<void>>;
/** Serves the console on loopback, until the user interrupts. */
export type ServeConsole = (context: Context, options: { port?: number }) => Promise<void>;

const EXITS = `
Ends with: 0 done, 1 failed, 2 wrong usage, 3 done in part, 4 not found, 5 conflict, held or locked, 6 damaged, 7 not allowed,
8 unavailable (try again), 9 refused (say --yes), 130 interrupted. Take any other as failed.

Times: "2026-11-26 14:00", "yesterday 14:00", "last tuesday", -2h, latest, -1 (the backup before), a backup's id, or RFC 3339.
A moment of a resource: shop@-1, "shop@yesterday 14:00".`;

/** Runs one command; resolves with its exit code. stdout gets data, stderr all else. */
export async function runCli(
  argv: readonly string[],
  terminal: Terminal,
  programs: Programs,
  serveConsole: ServeConsole,
): Promise<number> {
  const [word = '', ...rest] = argv;
  // Their flags and settings are their own.
  if (Object.hasOwn(programs, word) && !rest.includes('--help')) {
    await programs[word as keyof Programs](rest);
    return EXIT.done;
  }
  let isJson = argv.includes('--json');
  const program = createProgram(terminal, serveConsole, (options) => {
    isJson = options.json === true;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    if (terminal.signal.aborted) return EXIT.interrupted;
    // Help and version are ends, too; faults of usage have been told.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    tell(error, isJson, terminal);
    return exitOf(error);
  }
}

function tell(error: unknown, isJson: boolean, { stderr, env }: Terminal): void {
  const message = error instanceof Error ? error.message : String(error);
  if (isJson) {
    const more =
      error instanceof BackupError
        ? { code: error.code, status: error.status, errors: error.errors, requestId: error.requestId }
        : {};
    stderr.write(`${JSON.stringify({ type: 'error', exit: exitOf(error), message, ...more })}\n`);
    return;
  }
  if (message === '') return;
  if (!(error instanceof BackupError)) {
    stderr.write(`brs: ${message}\n`);
    if (!(error instanceof CliError) && env.BRS_DEBUG && error instanceof Error)
      stderr.write(`${error.stack}\n`);
    return;
  }
  const { code, errors, requestId, status } = error;
  stderr.write(
    `brs: ${printable(message)} (${code}${requestId === undefined ? '' : `, request ${requestId}`})\n`,
  );
  for (const { pointer, detail } of errors) stderr.write(`  ${printable(pointer)}: ${printable(detail)}\n`);
  if (code === 'network_error') stderr.write('  brs doctor looks what is wrong\n');
  if (status === 401) stderr.write('  say who you are: BACKUP_API_TOKEN, --token-file, or a profile\n');
}

const count = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
};
const many = (text: string, before: string[] = []): string[] => [...before, text];
const types = () =>
  new Option('--type <type>', 'what to make').choices(['full', 'incremental', 'differential']);
const yes = ['-y, --yes', 'do not ask'] as const;

function createProgram(
  terminal: Terminal,
  serveConsole: ServeConsole,
  onOptions: (options: GlobalOptions) => void,
): Command {
  const program = new Command('brs')
    .description('Keeps the history of JSON states and gives back any moment of it, provably intact.')
    .version(VERSION, '-V, --version')
    .option('--url <url>', 'where the service is (BACKUP_URL; http://localhost:3004)')
    .option('--token <token>', 'who you are (better BACKUP_API_TOKEN, or --token-file)')
    .option('--token-file <file>', 'a file that holds the token')
    .addOption(
      new Option('--auth <how>', 'token, or signed for AWS (by itself for URLs of API Gateway)').choices([
        'token',
        'iam',
      ]),
    )
    .option('--region <region>', 'for signatures, where the URL does not tell')
    .option('--profile <name>', 'of the config file (BACKUP_PROFILE)')
    .option('--tz <zone>', 'the zone of times that are typed and shown: Europe/Berlin')
    .option('--json', 'data as JSON, a line each; errors as JSON on stderr')
    .option('-q, --quiet', 'no words and no progress on stderr')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .option('--no-input', 'never ask')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text.replace(/^error: /, 'brs: ')),
    })
    .showHelpAfterError('(brs help COMMAND tells more)')
    .addHelpText('after', EXITS)
    .exitOverride();

  /** A verb over HTTP. Global options may stand behind it as well. */
  const verb = (words: string, description: string, into: Command = program): Command =>
    into.command(words).description(description).exitOverride().copyInheritedSettings(program);
  const run =
    (act: (context: Context, ...args: never[]) => Promise<void>) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.pop() as Command;
      const options = command.optsWithGlobals<GlobalOptions>();
      onOptions(options);
      await act(await createContext(options, terminal), ...(args as never[]));
    };

  verb('resources', 'what is backed up, and how it stands')
    .option('--prefix <prefix>', 'ids that begin with it')
    .action(run(lists.resources));
  verb('ls [resource]', 'backups, newest first')
    .addOption(types())
    .option('--since <time>', 'from then on')
    .option('--until <time>', 'up to then')
    .option('--tag <key=value>', 'with this tag (may be given again)', many)
    .option('--limit <n>', 'at most so many', count, 50)
    .addOption(
      new Option('--status <status>', 'what is still to be made, or has failed').choices([
        'pending',
        'in_progress',
        'failed',
      ]),
    )
    .action(run(lists.list));
  verb('show <id>', 'all that is known of a backup').action(run(lists.show));
  verb('create <resource> [file]', 'back a state up: a file, - for stdin, or the output of --exec')
    .addOption(types())
    .option('--resource-type <type>', 'what kind of thing it is')
    .option('--tag <key=value>', 'a tag (may be given again)', many)
    .option('--retention-days <n>', 'how long it is kept; 0: for ever', count)
    .option('--if-changed', 'make none if nothing has changed')
    .option('--as-of <time>', 'when it was true, of a state from elsewhere')
    .option('--accept-unusual', 'however much is gone, that is meant')
    .option('--unencrypted', 'do not encrypt it, where the service allows that')
    .option('--idempotency-key <key>', 'under one key it is made once')
    .option('--exec <command>', 'what the command writes; nothing is made unless it ends well')
    .option('--no-wait', 'do not wait for a large one to be made')
    .action(run(create));
  placed(verb('run <source>', 'read a source from here, and back it up: once, or every 15m'))
    .option('--resource <id>', 'as which resource')
    .option('--every <time>', 'again and again: 30s, 15m, 6h, 1d')
    .option('--check', 'only whether it can be read')
    .addOption(types())
    .option('--resource-type <type>', 'what kind of thing it is')
    .option('--tag <key=value>', 'a tag (may be given again)', many)
    .option('--retention-days <n>', 'how long it is kept; 0: for ever', count)
    .option('--if-changed', 'make none if nothing has changed')
    .option('--accept-unusual', 'however much is gone, that is meant')
    .option('--unencrypted', 'do not encrypt it, where the service allows that')
    .action(run(runSource));
  verb(
    'import <resource> <files...>',
    'bring dumps along, files or folders, each of its own time, the oldest first',
  )
    .addOption(new Option('--from <what>', 'which times').choices(['name', 'mtime']).default('name'))
    .addOption(types())
    .option('--resource-type <type>', 'what kind of thing it is')
    .option('--tag <key=value>', 'a tag for all (may be given again)', many)
    .option('--retention-days <n>', 'how long they are kept from now on; 0: for ever', count)
    .option(...yes)
    .action(run(importDumps));
  verb('cat <what>', 'a state, or a part of it, as it is: shop, shop@-1, backup-7')
    .option('--at <time>', 'of that moment')
    .option('--path <pointer>', 'a part: /users/id=42')
    .action(run(look.cat));
  verb('tree <what>', 'what stands at a place of a state')
    .option('--at <time>', 'of that moment')
    .option('--path <pointer>', 'the place: /users/id=42')
    .option('--mask <words>', 'hide values under such names: @common')
    .option('--limit <n>', 'at most so many', count, 100)
    .action(run(look.tree));
  verb('diff <from> [to]', 'what two moments differ by; with one resource, its last change')
    .option('--path <pointer>', 'in this place alone')
    .option('--stat', 'counts alone')
    .option('--mask <words>', 'hide values under such names: @common')
    .option('--limit <n>', 'at most so many', count, 100)
    .option('--exit-code', 'end with 1 if they differ')
    .action(run(look.diff));
  verb('log <resource>', 'each change of a place, newest first')
    .option('--path <pointer>', 'the place: /users/id=42/email')
    .option('--mask <words>', 'hide values under such names: @common')
    .option('--limit <n>', 'at most so many', count, 20)
    .action(run(look.log));
  placed(
    verb(
      'restore <what>',
      'give a state back into a file, a database, a URL: the plan first, then a question',
    ),
  )
    .option('--at <time>', 'of that moment')
    .option('--path <pointer>', 'a part: /users/id=42')
    .option(
      '--to <place>',
      'a file, - for stdout, or postgres://..., sqlite:FILE, file:FILE, https://..., s3://...',
    )
    .option('--mode <modes>', 'of rows: create, update, delete, with commas between; all without it')
    .option('--skip-missing', 'leave out tables and columns that the target has not')
    .option('--no-safety-backup', 'do not keep first what is there')
    .option('--safety-to <resource>', 'under which name that is kept (RESOURCE/before-restore)')
    .option('--plan', 'the plan alone')
    .option(...yes)
    .action(run(restore));
  verb('verify <ids...>', 'rebuild backups and see whether they are what was written').action(
    run(keep.verify),
  );
  verb('check [resource]', 'verify all backups of a resource')
    .option('--all', 'of all resources')
    .action(run(keep.check));
  verb('hold <ids...>', 'nobody removes them until that is lifted').action(run(keep.hold));
  verb('unhold <ids...>', 'lift it').action(run(keep.unhold));
  verb('lock <ids...>', 'nobody removes them until then, and nobody can take that back')
    .requiredOption('--until <time>', 'until then')
    .option(...yes)
    .action(run(keep.lock));
  verb('rm <ids...>', 'delete backups; for a while they can be taken back')
    .option(...yes)
    .action(run(keep.remove));
  verb('trash [resource]', 'what was deleted or has expired, and can come back')
    .option('--limit <n>', 'at most so many', count, 50)
    .action(
      run((context, resource: string | undefined, options: { limit: number }) =>
        lists.list(context, resource, { ...options, deleted: true }),
      ),
    );
  verb('undelete <ids...>', 'take a deletion or an expiry back').action(run(keep.undelete));
  verb('settings <resource>', 'what is said of a resource')
    .option('--expect-every <time>', 'a state is expected so often: 30m, 24h, 7d; none takes it back')
    .option(
      '--warn-above <share>',
      'warn where more than that share of its rows goes at once: 50%; none takes it back',
    )
    .option('--refuse-above <share>', 'refuse it')
    .action(run(keep.settings));
  const making = { program, verb, run, placed, types, count, many, yes };
  addPolicy(making);
  verb('operations [id]', 'restores, newest first')
    .option('--limit <n>', 'at most so many', count, 20)
    .action(run(lists.operations));
  verb('wait <id>', 'wait until a backup is made, or a restore is over').action(run(keep.wait));
  addTokens(making);
  addSchedules(making);
  const copy = program.command('copy').description('the second copy of all that is stored');
  verb('status', 'whether it has everything, and since when', copy).action(run(admin.copyStatus));
  addNotify(making);
  addTerraform(making);
  verb('audit', 'who did what, newest first')
    .option('--resource <id>', 'with this one')
    .option('--action <action>', 'only this: backup.created, state.read, access.refused ...')
    .option('--since <time>', 'from then on')
    .option('--until <time>', 'up to then')
    .option('--limit <n>', 'at most so many', count, 50)
    .action(run(admin.audit));
  verb('console', 'show the web console, for the service that is meant here, with your credentials')
    .option('--port <n>', 'on this port of this machine (any that is free)', count)
    .action(run(serveConsole));
  verb('doctor', 'look what can be wrong between here and there, and how it is mended').action(
    run(admin.doctor),
  );
  for (const [word, description] of [
    ['serve', 'run the service on this machine (settings: PORT, HOST, BACKUP_DATA_DIR ...)'],
    ['rebuild', 'make the catalog of a data folder anew: rebuild FOLDER [--dry-run]'],
    ['quarantine', 'what was set aside in a data folder: quarantine FOLDER'],
  ] as const) {
    program.command(`${word} [args...]`).description(description).allowUnknownOption();
  }
  program
    .command('completion <shell>')
    .description('a script for bash, zsh or fish: eval "$(brs completion bash)"')
    .action((shell: string) => {
      terminal.stdout.write(completion(shell, program));
    });
  return program;
}

/** How a source or a target is said. */
function placed(command: Command): Command {
  return command
    .option('--table <name>', 'of a database these tables alone, * for any part (may be given again)', many)
    .option('--exclude <name>', 'and not these (may be given again)', many)
    .option(
      '--password <where>',
      'where the password stands: env:NAME, file:/path (also PGPASSWORD, ~/.pgpass)',
    )
    .option('--header <header>', 'of HTTP: "authorization: Bearer {env:NAME}" (may be given again)', many)
    .addOption(new Option('--method <method>', 'by which HTTP puts a state back').choices(['PUT', 'POST']));
}
