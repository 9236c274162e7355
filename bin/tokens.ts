// `npm run tokens -- <data folder> [list | make <name> --scope <scope>... | revoke <id>]`: named tokens, whether the service is
// running or not. It knows of a change from the next call on.

import { parseArgs } from 'node:util';
import { closest } from '../lib/core/closest.ts';
import { SCOPES, type Scope } from '../lib/core/records/access.ts';
import { tokenFault } from '../lib/core/records/access-token.ts';
import { createSystemClock } from '../lib/embedded/clock.ts';
import { openTokens } from '../lib/embedded/tokens/registry.ts';
import { TokenFields } from '../lib/http/contract/tokens.ts';
import { silentLogger } from '../lib/log.ts';
import { systemRandom } from '../lib/random.ts';

const USAGE = `Usage: npm run tokens -- <data folder> [list]
       npm run tokens -- <data folder> make <name> --scope <scope>... [--resource <id>...] [--prefix <prefix>...] [--days <n>]
       npm run tokens -- <data folder> revoke <id>
Scopes: ${SCOPES.join(', ')}`;
const DAY_MS = 86_400_000;
const BY = 'command';

const say = (line: string): boolean => process.stdout.write(`${line}\n`);
const clock = createSystemClock();

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      scope: { type: 'string', multiple: true, default: [] },
      resource: { type: 'string', multiple: true },
      prefix: { type: 'string', multiple: true },
      days: { type: 'string' },
    },
  });
  const [dataDir, verb = 'list', what, ...more] = positionals;
  if (dataDir === undefined || more.length > 0) throw new Error(USAGE);
  const tokens = openTokens(dataDir, clock, systemRandom, silentLogger);
  if (verb === 'list' && what === undefined) list();
  else if (verb === 'make' && what !== undefined) await make(what);
  else if (verb === 'revoke' && what !== undefined) {
    const { id, name } = await tokens.revoke(what, BY);
    say(`${name} (${id}) is revoked.`);
  } else throw new Error(USAGE);

  function list(): void {
    const all = tokens.list();
    if (all.length === 0) say('There are no tokens.');
    for (const record of all) {
      const { id, name, scopes, resources, expiresAt, lastUsedAt } = record;
      const state = tokenFault(record, clock.now()) ?? 'active';
      const reach =
        resources === undefined
          ? 'all resources'
          : [...resources.ids, ...resources.prefixes.map((prefix) => `${prefix}*`)].join(', ');
      const until = expiresAt === undefined ? '' : `  until ${new Date(expiresAt).toISOString()}`;
      const used =
        lastUsedAt === undefined ? 'never used' : `last used ${new Date(lastUsedAt).toISOString()}`;
      say(`${id}  ${name}  ${state}  ${scopes.join(' ')}  ${reach}${until}  ${used}`);
    }
  }

  async function make(name: string): Promise<void> {
    const { scope: scopes, resource, prefix, days } = values;
    if (days !== undefined && !/^[1-9]\d{0,4}$/.test(days))
      throw new Error(`--days must be a whole number, not ${days}`);
    for (const scope of scopes) demandScope(scope);
    const given = {
      name,
      scopes,
      ...(resource === undefined ? {} : { resources: resource }),
      ...(prefix === undefined ? {} : { prefixes: prefix }),
    };
    const parsed = TokenFields().safeParse(given);
    if (!parsed.success) {
      throw new Error(
        parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
      );
    }
    const isForAll = resource === undefined && prefix === undefined;
    const { record, token } = await tokens.make(
      {
        name,
        scopes: scopes as Scope[],
        ...(isForAll ? {} : { resources: { ids: resource ?? [], prefixes: prefix ?? [] } }),
        ...(days === undefined ? {} : { expiresAt: clock.now() + Number(days) * DAY_MS }),
      },
      BY,
    );
    // What is piped is the token and nothing else; to people it is explained.
    process.stderr.write(`Token ${record.id} (${name}), told this once; only its SHA-256 is kept:\n`);
    say(token);
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

function demandScope(scope: string): void {
  if ((SCOPES as readonly string[]).includes(scope)) return;
  const meant = closest(scope, [...SCOPES]);
  throw new Error(
    `there is no scope ${scope}${meant === undefined ? `: ${SCOPES.join(', ')}` : `; did you mean ${meant}?`}`,
  );
}
