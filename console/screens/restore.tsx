// Restore: what exactly will happen? The plan is made before anything is done, and made again if the target has changed meanwhile.
// What the service gives back is proven; where it goes is the reader's to say: a file, another resource, or in place, as the newest state.

import { useId, useState } from 'preact/hooks';
import { BackupError, type Restored } from '../../lib/client/client.ts';
import type { Answer } from '../../lib/client/contract.ts';
import { useLoad } from '../app/load.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, moment, number, span, time, zoneName } from '../app/words.ts';
import { Ago, Failure, Notice, Show } from '../parts/common.tsx';
import { ConfirmName, Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { InstantField } from '../parts/instant.tsx';
import { tell } from '../parts/toast.tsx';

type Where = 'file' | 'beside' | 'place';

interface Props {
  id: string;
  /** A moment; the newest state without it. */
  at?: string | undefined;
  path?: string | undefined;
  close: () => void;
  done: () => void;
}

interface Planned {
  found: Answer<'FoundState'>;
  plan: Answer<'PlannedRestore'>['plan'];
  pointer: string;
  newest: Answer<'FoundState'>;
  /** What would differ of the newest state. */
  counts: Answer<'Diff'>['counts'];
  tables: Answer<'Diff'>['tables'];
  madeAt: string;
}

async function makePlan(id: string, at: string, path: string, signal: AbortSignal): Promise<Planned> {
  const query = { at, path, limit: 1, mask: '@all' };
  const { state: found, path: pointer } = await client.call(
    'getTree',
    { params: { resourceId: id }, query },
    { signal },
  );
  const part = pointer === '' ? {} : { path: pointer };
  const [plan, diff] = await Promise.all([
    client.plan({ backupId: found.backupId, targetResourceId: id, ...part }),
    client
      .call(
        'getDiff',
        {
          params: { resourceId: id },
          query: { from: 'latest', to: found.backupId, format: 'stat', ...part },
        },
        { signal },
      )
      .catch((error: unknown) => {
        // The path may not be there any more: then all of it is new.
        if (error instanceof BackupError && error.code === 'path_not_found') return undefined;
        throw error;
      }),
  ]);
  const newest =
    diff?.from ??
    (
      await client.call(
        'getTree',
        { params: { resourceId: id }, query: { at: 'latest', limit: 1, mask: '@all' } },
        { signal },
      )
    ).state;
  return {
    found,
    plan,
    pointer,
    newest,
    counts: diff?.counts ?? { additions: 1, changes: 0, deletions: 0, moves: 0 },
    tables: diff?.tables ?? [],
    madeAt: new Date().toISOString(),
  };
}

type Run = { progress: number; word: string } | { fault: unknown } | { text: string; undo?: string };

export function Restore({ id, at: first = 'latest', path = '', close, done }: Props) {
  const [at, setAt] = useState(first);
  const [where, setWhere] = useState<Where>('file');
  const [beside, setBeside] = useState(`${id}-restored`);
  const [isPart, setPart] = useState(path !== '');
  const [typed, setTyped] = useState('');
  const [run, setRun] = useState<Run | undefined>(undefined);
  const asked = isPart ? path : '';
  const loaded = useLoad((signal) => makePlan(id, at, asked, signal), [id, at, asked]);
  const planned = loaded.isOld ? undefined : loaded.value;
  const mayWrite = mayDo.value('backup:write');
  const names = useId();

  const begin = async (): Promise<void> => {
    if (planned === undefined) return;
    try {
      if (where === 'place') {
        // What was confirmed was a change of that state, and of no other.
        const now = await client.call('getTree', {
          params: { resourceId: id },
          query: { at: 'latest', limit: 1, mask: '@all' },
        });
        if (now.state.checksum !== planned.newest.checksum) {
          setTyped('');
          loaded.reload();
          tell(`${id} has changed since the plan: it was made again`);
          return;
        }
      }
      setRun({ progress: 0, word: 'reading and proving' });
      const restored = await client.restore(planned.found.backupId, where === 'beside' ? beside : id, {
        ...(planned.pointer === '' ? {} : { path: planned.pointer }),
        onProgress: (progress) => setRun({ progress, word: 'reading and proving' }),
      });
      setRun(await deliver(restored));
      done();
    } catch (fault) {
      setRun({ fault });
    }
  };
  const deliver = async ({ text, operation }: Restored): Promise<Run> => {
    if (where === 'file') {
      download(text, `${id.replaceAll('/', '_')}-${operation.backupId}.json`);
      return {
        text: `${bytes(new Blob([text]).size)} of ${operation.backupId}, proven against its checksum, went to this browser's downloads.`,
      };
    }
    const target = where === 'beside' ? beside : id;
    setRun({ progress: 100, word: `writing ${target}` });
    const made = await client.create(target, text, {
      type: 'incremental',
      metadata: { source: 'console', tags: { restoredFrom: operation.backupId } },
    });
    return {
      text: `${target} has the state of ${operation.backupId} again, as ${made.id}.`,
      ...(where === 'place' && planned !== undefined ? { undo: planned.newest.backupId } : {}),
    };
  };

  const isRunning = run !== undefined && 'progress' in run;
  const isOver = run !== undefined && 'text' in run;
  const isReady =
    planned !== undefined &&
    planned.plan.damaged.length === 0 &&
    !isRunning &&
    (where !== 'place' || typed === id) &&
    (where !== 'beside' || (beside !== '' && beside !== id));
  const title = `Restore ${isPart ? path : id}`;
  return (
    <Dialog
      title={title}
      about={
        planned && (
          <>
            {planned.found.backupId} · {moment(planned.found.createdAt)} {zoneName(planned.found.createdAt)} ·
            proven <Ago iso={planned.plan.weakest?.provenAt ?? planned.found.createdAt} /> ago
          </>
        )
      }
      close={close}
      footer={
        isOver ? (
          <Over
            run={run}
            id={id}
            close={close}
            again={(undo) => {
              setRun(undefined);
              setAt(undo);
              setWhere('place');
              setTyped('');
            }}
          />
        ) : (
          <>
            {where === 'place' && <ConfirmName name={id} typed={typed} onType={setTyped} />}
            <button type="button" class="btn" onClick={close}>
              {isRunning ? 'Close' : 'Cancel'} <kbd class="wide">esc</kbd>
            </button>
            <button
              type="button"
              class="btn pri"
              disabled={!isReady}
              aria-busy={isRunning}
              onClick={() => void begin()}
            >
              <Icon name="restore" />
              {verb(where, planned, beside)}
            </button>
          </>
        )
      }
    >
      {run !== undefined && 'fault' in run && <Failure error={run.fault} what="Nothing was written" />}
      {isRunning && (
        <div class="bar">
          <progress max="100" value={run.progress} aria-label={title} />
          <span>
            {run.word}
            <span>{run.progress} %</span>
          </span>
        </div>
      )}
      {isOver ? (
        <Notice tone="info">{run.text}</Notice>
      ) : (
        <>
          <label class="field">
            <span>As of</span>
            <InstantField label="As of" value={at} onChange={setAt} />
          </label>
          <div class="two">
            <fieldset>
              <legend class="lbl">What</legend>
              <Option
                name={`${names}w`}
                isOn={!isPart}
                onPick={() => setPart(false)}
                text="The whole state"
                hint={planned && !isPart ? bytes(planned.found.size) : 'every byte of it'}
              />
              {path !== '' && (
                <Option
                  name={`${names}w`}
                  isOn={isPart}
                  onPick={() => {
                    setPart(true);
                    if (where === 'place') setWhere('file');
                  }}
                  text="One path"
                  hint={path}
                />
              )}
            </fieldset>
            <fieldset>
              <legend class="lbl">Where to</legend>
              <Option
                name={`${names}t`}
                isOn={where === 'file'}
                onPick={() => setWhere('file')}
                text="Download the bytes"
                hint="nothing is written in the service"
              />
              {mayWrite && (
                <Option
                  name={`${names}t`}
                  isOn={where === 'beside'}
                  onPick={() => setWhere('beside')}
                  text="Beside it: another resource"
                  hint="becomes a backup of its own"
                />
              )}
              {mayWrite && !isPart && (
                <Option
                  name={`${names}t`}
                  isOn={where === 'place'}
                  onPick={() => setWhere('place')}
                  text={`In place: the newest state of ${id}`}
                  hint="a new backup on top; nothing before it goes"
                />
              )}
            </fieldset>
          </div>
          {where === 'beside' && (
            <label class="field">
              <span>Its id</span>
              <input
                type="text"
                class="mono"
                value={beside}
                spellcheck={false}
                aria-invalid={beside === id || beside === ''}
                onInput={(event) => setBeside(event.currentTarget.value)}
              />
              {beside === id && <span class="hint bad">that is the resource itself</span>}
            </label>
          )}
          <Show loaded={loaded} what="The plan could not be made">
            {(made) => <PlanView planned={made} id={id} where={where} path={asked} />}
          </Show>
        </>
      )}
    </Dialog>
  );
}

function verb(where: Where, planned: Planned | undefined, beside: string): string {
  if (planned === undefined) return 'Restore';
  if (where === 'file') return 'Download';
  if (where === 'beside') return `Restore into ${beside.length > 24 ? 'it' : beside}`;
  const { additions, changes, deletions, moves } = planned.counts;
  return `Restore ${counted(additions + changes + deletions + moves, 'change')}`;
}

function Option({
  name,
  isOn,
  onPick,
  text,
  hint,
}: {
  name: string;
  isOn: boolean;
  onPick: () => void;
  text: string;
  hint: string;
}) {
  const id = useId();
  return (
    <div class={isOn ? 'opt on' : 'opt'}>
      <input type="radio" id={id} name={name} checked={isOn} onChange={onPick} />
      <label for={id}>
        <bdi>{text}</bdi>
        <br />
        <span class="hint">
          <bdi>{hint}</bdi>
        </span>
      </label>
    </div>
  );
}

function PlanView({
  planned,
  id,
  where,
  path,
}: {
  planned: Planned;
  id: string;
  where: Where;
  path: string;
}) {
  const { plan, counts, tables, newest, found, madeAt } = planned;
  const isSame = counts.additions + counts.changes + counts.deletions + counts.moves === 0;
  return (
    <>
      <section aria-label="Plan">
        <h2 class="lbl">Plan</h2>
        <dl class="cost">
          <div>
            <dt>Reads</dt>
            <dd>
              {counted(plan.blobs, 'blob')}, {bytes(plan.bytes)}
            </dd>
          </div>
          <div>
            <dt>Takes about</dt>
            <dd>{plan.seconds < 0.1 ? 'no time' : span(plan.seconds * 1000)}</dd>
          </div>
          {plan.dollars !== undefined && (
            <div>
              <dt>Costs</dt>
              <dd>${plan.dollars.toPrecision(2)}</dd>
            </div>
          )}
          {plan.weakest && (
            <div>
              <dt>Oldest proof</dt>
              <dd>
                {plan.weakest.backupId}{' '}
                <small>
                  <Ago iso={plan.weakest.provenAt} /> ago
                </small>
              </dd>
            </div>
          )}
        </dl>
      </section>
      {plan.damaged.length > 0 && (
        <Notice tone="bad">
          {plan.damaged.join(', ')} did not pass the last proof: this state cannot be restored from here.
        </Notice>
      )}
      {where !== 'beside' && (
        <section aria-label={`What changes in ${id}`}>
          <h2 class="lbl">
            {where === 'place' ? 'What changes in' : 'How it differs from the newest state of'}{' '}
            <bdi>{path === '' ? id : path}</bdi>{' '}
            <span class="faint">
              compared with {newest.backupId} at {time(madeAt, { seconds: true })}
            </span>
          </h2>
          {isSame ? (
            <p class="hint">
              Nothing: {found.backupId} and {newest.backupId} have the same {path === '' ? 'state' : 'value'}{' '}
              there.
            </p>
          ) : (
            <table class="tbl tight">
              <thead>
                <tr>
                  <th scope="col">Table</th>
                  <th scope="col" class="num">
                    Comes back
                  </th>
                  <th scope="col" class="num">
                    Changes
                  </th>
                  <th scope="col" class="num">
                    Goes
                  </th>
                </tr>
              </thead>
              <tbody>
                {(tables.length === 0 ? [{ pointer: path, ...counts }] : tables.slice(0, 8)).map((one) => (
                  <tr key={one.pointer}>
                    <th scope="row" class="mono">
                      <bdi>{one.pointer === '' ? 'at the top' : one.pointer}</bdi>
                    </th>
                    <td class={one.additions > 0 ? 'num mono add' : 'num faint'}>
                      {one.additions > 0 ? `+${number(one.additions)}` : '0'}
                    </td>
                    <td class={one.changes + one.moves > 0 ? 'num mono chg' : 'num faint'}>
                      {one.changes + one.moves > 0 ? `~${number(one.changes + one.moves)}` : '0'}
                    </td>
                    <td class={one.deletions > 0 ? 'num mono rem' : 'num faint'}>
                      {one.deletions > 0 ? `−${number(one.deletions)}` : '0'}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </section>
      )}
      {where === 'place' && (
        <p class="hint">The state of now stays as {newest.backupId}: that is the way back.</p>
      )}
    </>
  );
}

function Over({
  run,
  close,
  again,
}: {
  run: Run;
  id: string;
  close: () => void;
  again: (undo: string) => void;
}) {
  const undo = 'undo' in run ? run.undo : undefined;
  return (
    <>
      {undo && (
        <button type="button" class="btn" onClick={() => again(undo)}>
          <Icon name="undo" />
          Undo: restore {undo}
        </button>
      )}
      <button type="button" class="btn pri" onClick={close}>
        Done
      </button>
    </>
  );
}

/** As a file, without a link in the page that somebody could follow. */
function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
