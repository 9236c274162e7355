// The verbs of what is set once: policies, channels, tokens; and of what another tool keeps here.

import { Option } from 'commander';
import type { Making } from './schedule-commands.ts';
import * as admin from './verbs/admin.ts';
import * as keep from './verbs/keep.ts';
import * as notify from './verbs/notify.ts';
import * as terraform from './verbs/terraform.ts';

export function addPolicy({ program, verb, run, count, yes }: Making): void {
  const policy = program.command('policy').description('what of a resource is kept beyond its own expiry');
  verb('get <resource>', 'what it is', policy).action(run(keep.policyGet));
  verb('set <resource>', 'set it: what would go is told first', policy)
    .option('--keep-last <n>', 'the newest', count)
    .option('--keep-hourly <n>', 'the last of each hour', count)
    .option('--keep-daily <n>', 'the last of each day', count)
    .option('--keep-weekly <n>', 'the last of each week', count)
    .option('--keep-monthly <n>', 'the last of each month', count)
    .option('--keep-yearly <n>', 'the last of each year', count)
    .option('--time-zone <zone>', 'whose days are meant')
    .option('--expire-newest', 'let the newest expire, too')
    .option('--plan', 'the plan alone, with the reason of each')
    .option(...yes)
    .action(run(keep.policySet));
  verb('rm <resource>', 'take it away', policy)
    .option(...yes)
    .action(run(keep.policyRemove));
  verb('plan <resource>', 'what is kept and what goes, and why', policy).action(run(keep.policyPlan));
}

export function addNotify({ program, verb, run, count, many, yes }: Making): void {
  const channels = program
    .command('notify')
    .description('who is told when something fails, is late or looks wrong');
  verb('ls', 'all channels', channels).action(run(notify.notifyList));
  verb('add <channel>', 'have somebody told, or told otherwise', channels)
    .option('--webhook <url>', 'signed POSTs to there')
    .option(
      '--secret <where>',
      'where its signing secret stands: env:NAME, file:/run/secrets/x (may be given again)',
      many,
    )
    .option('--slack <where>', 'where the URL of the incoming webhook stands: env:NAME, file:/run/secrets/x')
    .option('--teams <where>', 'the same of Teams')
    .option('--discord <where>', 'the same of Discord')
    .option('--ping <url>', 'a watch as healthchecks.io')
    .option('--mail <address>', 'by mail, to this address (may be given again)', many)
    .option('--server <server>', 'of mail: smtps://host:465')
    .option('--from <address>', 'of mail')
    .option('--user <name>', 'of mail')
    .option('--password <where>', 'of mail: where it stands, env:NAME, file:/run/secrets/x')
    .option('--sns <arn>', 'a topic')
    .option('--event <name>', 'told of these alone: backup.failed, backup.* ... (may be given again)', many)
    .option(
      '--resource <id>',
      'of these alone, * at the end for all that begin so (may be given again)',
      many,
    )
    .action(run(notify.notifyAdd));
  verb('test <channel>', 'send a test, and wait whether it comes', channels).action(run(notify.notifyTest));
  verb('rm <channel>', 'tell it no more', channels)
    .option(...yes)
    .action(run(notify.notifyRemove));
  verb('deliveries <channel>', 'what it was told, newest first', channels)
    .addOption(new Option('--state <state>', 'only those').choices(['pending', 'delivered', 'failed']))
    .option('--limit <n>', 'at most so many', count, 20)
    .action(run(notify.notifyDeliveries));
  verb('replay <channel> [delivery]', 'send again what was given up, or this one', channels).action(
    run(notify.notifyReplay),
  );
}

export function addTokens({ program, verb, run, count, many, yes }: Making): void {
  const tokens = program.command('tokens').description('who may call, and for what');
  verb('ls', 'all that were ever made', tokens).action(run(admin.tokensList));
  verb('make <name>', 'a new one: it is printed once', tokens)
    .requiredOption(
      '--scope <scope>',
      'what it opens (may be given again): backup:write, data:read ...',
      many,
    )
    .option('--resource <id>', 'for this one alone (may be given again)', many)
    .option('--prefix <prefix>', 'for those alone that begin with it (may be given again)', many)
    .option('--days <n>', 'until then', count)
    .action(run(admin.tokensMake));
  verb('revoke <id>', 'from the next call on it opens nothing', tokens)
    .option(...yes)
    .action(run(admin.tokensRevoke));
}

export function addTerraform({ program, verb, run, count, yes }: Making): void {
  const group = program.command('terraform').description('states that Terraform or OpenTofu keeps here');
  verb(
    'rollback <what>',
    'put an older state on top, under a new serial: the plan first, then a question',
    group,
  )
    .option('--to <time>', 'that of this moment: -1, "yesterday 14:00", backup-7 (or network/prod@-1)')
    .option('--lock-id <id>', 'the lock that you hold')
    .option('--retention-days <n>', 'how long it is kept; 0: for ever', count)
    .option('--plan', 'the plan alone')
    .option(...yes)
    .action(run(terraform.rollback));
}
