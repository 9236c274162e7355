// Retention: what would this policy keep and drop, and why? The form at the left, what it does at the right, made again as one types.

import { useEffect, useState } from 'preact/hooks';
import { BackupError } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { useLoad } from '../app/load.ts';
import { ask, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { counted, day, moment, number, OWN_ZONE, quoted, time } from '../app/words.ts';
import { At, Empty, Failure, faultOf, Head, Notice, Show, Term } from '../parts/common.tsx';
import { ConfirmName, Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { tell } from '../parts/toast.tsx';

type Rules = Answer<'Policy'>['policy'];

const RULES = [
  ['keepLast', 'Last', 'backups, whatever their age'],
  ['keepHourly', 'Hourly', 'newest of each hour'],
  ['keepDaily', 'Daily', 'newest of each day'],
  ['keepWeekly', 'Weekly', 'newest of each week'],
  ['keepMonthly', 'Monthly', 'newest of each month'],
  ['keepYearly', 'Yearly', 'newest of each year'],
] as const;
const DECISIONS = 200;
const TYPED_MS = 200;

export function Retention({ asked }: { asked: Record<string, string> }) {
  const { id } = asked;
  const resources = useLoad(
    (signal) => client.call('listResources', { query: { limit: 1000 } }, { signal }),
    [],
  );
  const chosen = id ?? resources.value?.resources[0]?.id;
  return (
    <>
      <Head
        title={chosen === undefined ? 'Retention' : `Retention of ${chosen}`}
        crumbs={[
          { text: 'Overview', href: linkTo('overview') },
          ...(chosen === undefined ? [] : [{ text: chosen, href: linkTo('resource', { id: chosen }) }]),
          { text: 'Retention' },
        ]}
        answer="What is kept, what goes, and why. Nothing is removed by a policy that was not shown here first; what goes stays in the trash for a while."
      />
      <Show loaded={resources} what="The resources could not be read">
        {({ resources: list }) => (
          <div class="tools">
            <label class="field w260">
              <span>Resource</span>
              <select value={chosen} onChange={(event) => ask({ id: event.currentTarget.value })}>
                {list.every((one) => one.id !== chosen) && chosen !== undefined && <option>{chosen}</option>}
                {list.map((one) => (
                  <option key={one.id}>{one.id}</option>
                ))}
              </select>
            </label>
          </div>
        )}
      </Show>
      {chosen !== undefined && <Policy key={chosen} id={chosen} />}
      <Term
        name="Retention"
        command={chosen === undefined ? 'brs resources' : `brs policy plan ${quoted(chosen)}`}
        keys={[]}
      />
    </>
  );
}

async function policyOf(id: string, signal: AbortSignal): Promise<Rules | undefined> {
  try {
    return (await client.call('getPolicy', { params: { resourceId: id } }, { signal })).policy;
  } catch (error) {
    if (error instanceof BackupError && error.code === 'policy_not_found') return undefined;
    throw error;
  }
}

function Policy({ id }: { id: string }) {
  const saved = useLoad(async (signal) => ({ rules: await policyOf(id, signal) }), [id]);
  return (
    <Show loaded={saved} what="The policy could not be read">
      {({ rules }) => <Editor key={JSON.stringify(rules)} id={id} saved={rules} reload={saved.reload} />}
    </Show>
  );
}

function Editor({ id, saved, reload }: { id: string; saved: Rules | undefined; reload: () => void }) {
  const [rules, setRules] = useState<Rules>(saved ?? {});
  const [settled, setSettled] = useState<Rules>(rules);
  const [isSaving, setSaving] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(rules), TYPED_MS);
    return () => clearTimeout(timer);
  }, [rules]);
  const isEmpty = RULES.every(([name]) => settled[name] === undefined);
  const isSame = JSON.stringify(ordered(rules)) === JSON.stringify(ordered(saved ?? {}));
  const plan = useLoad(
    (signal) =>
      client.call(
        'planPolicy',
        {
          body: { resourceId: id, ...(isEmpty ? {} : { policy: settled }) },
          query: { limit: DECISIONS },
        } as Parameters<typeof client.call<'planPolicy'>>[1],
        { signal },
      ),
    [id, settled],
  );
  const set = (name: keyof Rules, text: string): void => {
    const { [name]: _old, ...others } = rules;
    setRules(text === '' ? others : { ...others, [name]: Number(text) });
  };
  const kept = plan.value?.decisions.filter(({ action }) => action === 'keep').length ?? 0;
  return (
    <div class="rsplit">
      <section class="panel" aria-labelledby="pol">
        <div class="ph">
          <h2 id="pol">Policy</h2>
          <span class="faint">{saved === undefined ? 'none yet' : 'as it is set'}</span>
        </div>
        <div class="pb">
          {RULES.map(([name, label, about]) => (
            <div class="rule" key={name}>
              <label for={name}>{label}</label>
              <input
                type="number"
                id={name}
                min="1"
                max="3650"
                value={rules[name] ?? ''}
                onInput={(event) => set(name, event.currentTarget.value)}
              />
              <span class="was">{about}</span>
              <span class="was num">
                {rules[name] !== saved?.[name] && saved !== undefined && (
                  <span class="late">was {saved[name] ?? 'none'}</span>
                )}
              </span>
            </div>
          ))}
          <label class="field">
            <span>Days begin in</span>
            <select
              value={rules.timeZone ?? 'UTC'}
              onChange={(event) => setRules({ ...rules, timeZone: event.currentTarget.value })}
            >
              {[...new Set(['UTC', OWN_ZONE, ...(rules.timeZone === undefined ? [] : [rules.timeZone])])].map(
                (zone) => (
                  <option key={zone}>{zone}</option>
                ),
              )}
            </select>
          </label>
          <div class="gap8" />
          <div class="check">
            <input
              type="checkbox"
              id="en"
              checked={rules.expireNewest === true}
              onChange={(event) => setRules({ ...rules, expireNewest: event.currentTarget.checked })}
            />
            <label for="en">
              The newest may expire too
              <br />
              <span class="hint">off: the newest of a resource never goes by itself</span>
            </label>
          </div>
          <div class="gap8" />
          <div class="acts">
            <button
              type="button"
              class="btn pri"
              disabled={isSame || isEmpty || plan.value === undefined || plan.isOld}
              onClick={() => setSaving(true)}
            >
              Save…
            </button>
            <button type="button" class="btn" disabled={isSame} onClick={() => setRules(saved ?? {})}>
              As it was
            </button>
          </div>
          {isEmpty && !isSame && (
            <p class="hint bad">A policy keeps something: give one of the rules a number.</p>
          )}
        </div>
      </section>
      <section class="panel" aria-labelledby="pv">
        <div class="ph">
          <h2 id="pv">Preview</h2>
          <span class="faint">changes as you type; nothing is done before you save</span>
        </div>
        <Show loaded={plan} what="The preview could not be made">
          {(made) => (
            <>
              <dl class="verdict">
                <div>
                  <dt>Keeps</dt>
                  <dd>
                    {number(kept)}
                    {made.nextCursor && '+'}{' '}
                    <small>
                      of {number(made.count)}
                      {made.nextCursor && '+'} looked at
                    </small>
                  </dd>
                </div>
                <div>
                  <dt>Drops</dt>
                  <dd class={made.count - kept > 0 ? 'bad' : undefined}>{number(made.count - kept)}</dd>
                </div>
                <div>
                  <dt>Goes by this change</dt>
                  <dd class={countOf(made.wouldExpire) > 0 ? 'bad' : undefined}>
                    {number(countOf(made.wouldExpire))}
                  </dd>
                </div>
                <div>
                  <dt>In words</dt>
                  <dd class="said">{made.summary}</dd>
                </div>
              </dl>
              {made.waits.map((wait) => (
                <Notice key={wait.id} tone="late">
                  <b>{wait.detail}</b>{' '}
                  <span class="faint">until {moment(wait.until, { seconds: false })}</span>
                </Notice>
              ))}
              <Decisions decisions={made.decisions} />
              {made.nextCursor && (
                <p class="hint more">
                  The newest {number(made.count)} are listed; counts that end in + are of those.
                </p>
              )}
            </>
          )}
        </Show>
      </section>
      {isSaving && plan.value && (
        <Save
          id={id}
          rules={rules}
          plan={plan.value}
          close={() => setSaving(false)}
          done={() => {
            setSaving(false);
            reload();
          }}
        />
      )}
    </div>
  );
}

const ordered = (rules: Rules): [string, unknown][] =>
  Object.entries(rules)
    .filter(([, value]) => value !== undefined && value !== false && value !== 'UTC')
    .sort(([a], [b]) => (a < b ? -1 : 1));

function countOf(ids: Answer<'RetentionPlan'>['wouldExpire']): number {
  return ids?.count ?? 0;
}

function Decisions({ decisions }: { decisions: Answer<'RetentionPlan'>['decisions'] }) {
  if (decisions.length === 0) return <Empty title="No live backup" />;
  return (
    <table class="tbl tight">
      <thead>
        <tr>
          <th scope="col">Backup of</th>
          <th scope="col" class="lo">
            Id
          </th>
          <th scope="col">Decision</th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody>
        {decisions.map((one) => (
          <tr key={one.backupId} class={one.action === 'drop' ? 'fade' : undefined}>
            <th scope="row" class="nw">
              <At iso={one.createdAt} />
              <span class="sub">{one.backupId}</span>
            </th>
            <td class="lo mono nw">{one.backupId}</td>
            <td class="nw">
              {one.action === 'keep' ? (
                <span class="st ok">
                  <Icon name="check" small />
                  Keeps
                </span>
              ) : (
                <span class="st bad">
                  <Icon name="x" small />
                  Drops
                </span>
              )}
            </td>
            <td class="dim wrap">
              {one.reasons.join(', ')}
              {one.expiresAt && (
                <span class="faint">
                  {' '}
                  · expires {day(one.expiresAt)} {time(one.expiresAt)}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Save({
  id,
  rules,
  plan,
  close,
  done,
}: {
  id: string;
  rules: Rules;
  plan: Answer<'RetentionPlan'>;
  close: () => void;
  done: () => void;
}) {
  const [typed, setTyped] = useState('');
  const [fault, setFault] = useState<unknown>(undefined);
  const goes = countOf(plan.wouldExpire);
  const save = async (): Promise<void> => {
    try {
      const { effectiveAt } = await client.call('putPolicy', {
        params: { resourceId: id },
        body: rules,
      } as Parameters<typeof client.call<'putPolicy'>>[1]);
      tell(
        effectiveAt === undefined
          ? 'The policy is set'
          : `The policy is set; until ${moment(effectiveAt, { seconds: false })} what was kept before stays`,
      );
      done();
    } catch (error) {
      setFault(error);
      tell(faultOf(error).detail);
    }
  };
  return (
    <Dialog
      title={`Set the policy of ${id}`}
      close={close}
      isSmall
      footer={
        <>
          {goes > 0 && <ConfirmName name={id} typed={typed} onType={setTyped} />}
          <button type="button" class="btn" onClick={close}>
            Cancel
          </button>
          <button
            type="button"
            class={goes > 0 ? 'btn danger' : 'btn pri'}
            disabled={goes > 0 && typed !== id}
            onClick={() => void save()}
          >
            {goes > 0 ? `Set it, and let ${counted(goes, 'backup')} go` : 'Set it'}
          </button>
        </>
      }
    >
      {fault !== undefined && <Failure error={fault} what="The policy was not changed" />}
      <p>
        {goes === 0 ? (
          'Nothing goes because of it.'
        ) : (
          <>
            <b>{counted(goes, 'backup')} would go because of it.</b> A narrower policy waits a day before it
            counts, and what goes stays in the trash for a while.
          </>
        )}
      </p>
      <p class="hint">{plan.summary}</p>
    </Dialog>
  );
}
