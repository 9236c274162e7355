// Restore: what exactly will happen? The plan is made before anything is done, and made again if the target has changed meanwhile.
// What the service gives back is proven; where it goes is the reader's to say: a file, another resource, or in place, as the newest state.

import { useId, useState } from 'preact/hooks';
import type { Restored } from '../../lib/client/client.ts';
import { useLoad } from '../app/load.ts';
import { client, mayDo } from '../app/session.ts';
import { bytes, counted, moment, zoneName } from '../app/words.ts';
import { Ago, Failure, Notice, Show } from '../parts/common.tsx';
import { ConfirmName, Dialog } from '../parts/dialog.tsx';
import { Icon } from '../parts/icon.tsx';
import { InstantField } from '../parts/instant.tsx';
import { tell } from '../parts/toast.tsx';
import { makePlan, type Planned, PlanView, type Where } from './restore-plan.tsx';

interface Props {
  id: string;
  /** A moment; the newest state without it. */
  at?: string | undefined;
  path?: string | undefined;
  close: () => void;
  done: () => void;
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
