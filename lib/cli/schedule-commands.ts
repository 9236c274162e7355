// The verbs of what runs by itself: source, schedule, runs, drills.

import { type Command, Option } from 'commander';
import type { Context } from './kit/context.ts';
import * as schedules from './verbs/schedules.ts';

type Act = (context: Context, ...args: never[]) => Promise<void>;

/** What the program makes verbs of. */
export interface Making {
  program: Command;
  verb: (words: string, description: string, into?: Command) => Command;
  run: (act: Act) => (...args: unknown[]) => Promise<void>;
  /** With the options that say more of a place. */
  placed: (command: Command) => Command;
  types: () => Option;
  count: (text: string) => number;
  many: (text: string, before?: string[]) => string[];
  yes: readonly [string, string];
}

export function addSchedules(making: Making): void {
  addSources(making);
  const { program, verb, run, types, count, many, yes } = making;
  const schedule = program.command('schedule').description('when the service reads which source, by itself');
  verb('ls', 'all of them, and how they stand', schedule).action(run(schedules.scheduleList));
  verb('add <name>', 'set one, or replace all that was said of it; nothing runs because of that', schedule)
    .requiredOption('--source <name>', 'what is read')
    .requiredOption('--resource <id>', 'as which resource')
    .requiredOption('--when <times>', 'five fields of cron, or "every 15m"')
    .option('--zone <zone>', 'whose wall the fields are read on (--tz; UTC)')
    .option('--jitter <seconds>', 'by up to so much later', count)
    .addOption(new Option('--catch-up <which>', 'of those that were missed').choices(['one', 'none']))
    .addOption(types())
    .option('--resource-type <type>', 'what kind of thing it is')
    .option('--retention-days <n>', 'how long they are kept; 0: for ever', count)
    .option('--tag <key=value>', 'a tag (may be given again)', many)
    .option('--no-if-changed', 'make one though nothing has changed')
    .option('--drill-every <n>', 'after so many runs a restore is tried', count)
    .option('--drill-into <name>', 'and put into this source, which is marked as scratch')
    .action(run(schedules.scheduleAdd));
  verb('next <name>', 'the coming slots, in its zone and in UTC, and why it does not run now', schedule)
    .option('--count <n>', 'so many', count)
    .action(run(schedules.scheduleNext));
  verb('run <name>', 'run it now', schedule)
    .option('--wait', 'until it is over, and end as it does')
    .action(run(schedules.scheduleRun));
  verb('drill <name>', 'try a restore of the newest backup now', schedule).action(
    run(schedules.scheduleDrill),
  );
  verb('pause <name>', 'run it no more by itself', schedule)
    .option('--reason <text>', 'told to whoever asks why it does not run')
    .action(run(schedules.schedulePause));
  verb('resume <name>', 'let it go on', schedule).action(run(schedules.scheduleResume));
  verb('rm <name>', 'remove it; its backups stay', schedule)
    .option(...yes)
    .action(run(schedules.scheduleRemove));
  const ofWhich = (command: Command): Command =>
    command
      .option('--schedule <name>', 'of this one')
      .option('--resource <id>', 'of this resource')
      .option('--limit <n>', 'at most so many', count, 20);
  ofWhich(verb('runs [id]', 'runs of schedules, newest first; of one, its log')).action(run(schedules.runs));
  ofWhich(verb('drills', 'restores that were tried, newest first')).action(run(schedules.drills));
}

function addSources({ program, verb, run, placed, yes }: Making): void {
  const source = program.command('source').description('places that the service reads states from');
  verb('ls', 'all of them', source).action(run(schedules.sourcesList));
  placed(verb('add <name> <source>', 'set one: file:/srv/a.json, postgres://..., https://...', source))
    .option('--scratch', 'that drills may write there: all that it has is lost by that')
    .action(run(schedules.sourceAdd));
  verb('check <name>', 'whether the service can read it', source).action(run(schedules.sourceCheck));
  verb('rm <name>', 'remove it', source)
    .option(...yes)
    .action(run(schedules.sourceRemove));
}
