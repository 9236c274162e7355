// What every screen is made of: its head, its notices, what stands where something loads, fails or is not there, its command.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { BackupError } from '../../lib/client/client.ts';
import { type Key, layers, useKeys } from '../app/keys.ts';
import type { Loaded } from '../app/load.ts';
import { linkTo } from '../app/router.ts';
import { serviceNow } from '../app/session.ts';
import { moment, number, span, utc, zone } from '../app/words.ts';
import { Icon, type IconName } from './icon.tsx';
import { copy } from './toast.tsx';

/** Crumb, title, what can be done, and the sentence that answers the screen's one question. */
export function Head(props: {
  title: string;
  crumbs?: readonly { text: string; href?: string }[];
  isMono?: boolean;
  mark?: ComponentChildren;
  acts?: ComponentChildren;
  answer?: ComponentChildren;
  children?: ComponentChildren;
}) {
  const { title, crumbs, isMono, mark, acts, answer, children } = props;
  useEffect(() => {
    document.title = `${title} · Backup & Restore`;
  }, [title]);
  return (
    <div class="head">
      {crumbs && (
        <nav class="crumb" aria-label="Breadcrumb">
          {crumbs.map(({ text, href }, i) => (
            <>
              {i > 0 && <Icon name="right" />}
              {href === undefined ? (
                <span>
                  <bdi>{text}</bdi>
                </span>
              ) : (
                <a href={href}>
                  <bdi>{text}</bdi>
                </a>
              )}
            </>
          ))}
        </nav>
      )}
      <div class="title">
        <h1 class={isMono ? 'mono-h' : undefined}>
          <bdi>{title}</bdi>
        </h1>
        {mark}
      </div>
      {acts && <div class="acts">{acts}</div>}
      {answer && <p class="answer">{answer}</p>}
      {children}
    </div>
  );
}

const STATES: Record<string, { icon: IconName; word: string; tone: 'ok' | 'dim' | 'late' | 'bad' | 'held' }> =
  {
    healthy: { icon: 'check', word: 'Healthy', tone: 'ok' },
    held: { icon: 'hold', word: 'Held', tone: 'held' },
    unusual: { icon: 'warn', word: 'Unusual change', tone: 'late' },
    late: { icon: 'clock', word: 'Late', tone: 'late' },
    damaged: { icon: 'broken', word: 'Damaged', tone: 'bad' },
    failing: { icon: 'broken', word: 'Failing', tone: 'bad' },
    disabled: { icon: 'broken', word: 'Disabled', tone: 'bad' },
    gave_up: { icon: 'warn', word: 'Gave up', tone: 'late' },
    drill: { icon: 'broken', word: 'Drill failed', tone: 'bad' },
    missed: { icon: 'clock', word: 'Missed', tone: 'late' },
    running: { icon: 'activity', word: 'Running', tone: 'dim' },
    paused: { icon: 'pause', word: 'Paused', tone: 'dim' },
    over: { icon: 'clock', word: 'Over', tone: 'dim' },
    untold: { icon: 'clock', word: 'Nothing yet', tone: 'dim' },
  };

/** An icon and a word; tinted only where it needs a person. */
export function StateWord({ state, word }: { state: string; word?: string }) {
  const known = STATES[state] ?? { icon: 'warn' as const, word: state, tone: 'late' as const };
  return (
    <span class={`st ${known.tone}${['ok', 'dim'].includes(known.tone) ? '' : ' pill'}`}>
      <Icon name={known.icon} small />
      {word || known.word}
    </span>
  );
}

/** A long id loses its middle, never its last two segments. */
export function Rid({ id, href }: { id: string; href?: string }) {
  const cut = id.length > 40 ? id.slice(0, -1).lastIndexOf('/', id.lastIndexOf('/') - 1) + 1 : 0;
  const [start, end] = cut > 0 ? [id.slice(0, cut), id.slice(cut)] : [id, ''];
  const inside = (
    <>
      <span class="a">
        <bdi>{start}</bdi>
      </span>
      {end !== '' && (
        <span class="b">
          <bdi>{end}</bdi>
        </span>
      )}
    </>
  );
  return href === undefined ? (
    <span class="rid" title={id}>
      {inside}
    </span>
  ) : (
    <a class="rid" href={href} title={id}>
      {inside}
    </a>
  );
}

/** An instant in the zone that is shown; its UTC on hover. */
export function At({ iso, seconds = true }: { iso: string; seconds?: boolean }) {
  return (
    <time dateTime={iso} title={`${utc(iso)} · ${zone.value}`}>
      {moment(iso, { seconds })}
    </time>
  );
}

/** A sentence of the service, its instants in the zone that is shown. */
export function Said({ text }: { text: string }) {
  const parts = text.split(/\b(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)/);
  return <>{parts.map((part, i) => (i % 2 === 1 ? <At iso={part} /> : part))}</>;
}

/** How long ago, by the service's clock. */
export function Ago({ iso }: { iso: string }) {
  return (
    <time dateTime={iso} title={utc(iso)}>
      {span(serviceNow() - Date.parse(iso))}
    </time>
  );
}

export interface Counts {
  additions: number;
  changes: number;
  deletions: number;
}

export function Deltas({ counts }: { counts: Counts | undefined }) {
  if (counts === undefined) return <span class="faint">whole state</span>;
  const { additions, changes, deletions } = counts;
  return (
    <span class="deltas">
      <span class={additions > 0 ? 'add' : 'faint'}>+{number(additions)}</span>
      <span class={changes > 0 ? 'chg' : 'faint'}>~{number(changes)}</span>
      <span class={deletions > 0 ? 'rem' : 'faint'}>−{number(deletions)}</span>
    </span>
  );
}

/** The same in the cells of a row: what is new, what changed or moved, what is gone. */
export function CountCells({ counts }: { counts: Counts & { moves: number } }) {
  const { additions, changes, deletions, moves } = counts;
  const cell = (tone: string, sign: string, count: number) => (
    <td class={count > 0 ? `num mono ${tone}` : 'num faint'}>
      {count > 0 ? `${sign}${number(count)}` : '·'}
    </td>
  );
  return (
    <>
      {cell('add', '+', additions)}
      {cell('chg', '~', changes + moves)}
      {cell('rem', '−', deletions)}
    </>
  );
}

export function Notice({
  tone,
  children,
  acts,
  isAlert,
}: {
  tone: 'info' | 'late' | 'bad' | 'held';
  children: ComponentChildren;
  acts?: ComponentChildren;
  isAlert?: boolean;
}) {
  const icon: IconName =
    tone === 'bad' ? 'broken' : tone === 'held' ? 'hold' : tone === 'late' ? 'warn' : 'proof';
  return (
    <div class={`note ${tone}`} role={isAlert ? 'alert' : 'status'}>
      <Icon name={icon} />
      <p>{children}</p>
      {acts && <div class="acts">{acts}</div>}
    </div>
  );
}

const RIGHTS: Record<number, string> = {
  401: 'The session has ended: sign in again.',
  403: 'This needs a right that your token does not have; whoever gave it to you can give one that has.',
};

/** In the place of what failed: what, what to do, code and request id. */
export function Failure({ error, what, retry }: { error: unknown; what: string; retry?: () => void }) {
  const { code, detail, requestId, status = 0 } = faultOf(error);
  return (
    <Notice
      tone={status === 404 ? 'info' : 'bad'}
      acts={
        retry && (
          <button type="button" class="btn sm" onClick={retry}>
            Try again
          </button>
        )
      }
    >
      <b>{what}.</b> {RIGHTS[status] ?? detail}{' '}
      <span class="mono faint">
        {code}
        {requestId === undefined ? '' : ` · ${requestId}`}
      </span>
    </Notice>
  );
}

export function faultOf(error: unknown): {
  code: string;
  detail: string;
  status?: number;
  requestId?: string;
} {
  if (error instanceof BackupError) {
    const { code, message, status, requestId } = error;
    return {
      code,
      detail: code === 'network_error' ? 'The service does not answer. Nothing was changed.' : message,
      ...(status === undefined ? {} : { status }),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }
  return { code: 'console_error', detail: error instanceof Error ? error.message : String(error) };
}

/** What was loaded, or what stands in its place. Old content stays, dimmed, while newer comes. */
export function Show<T>({
  loaded,
  what,
  children,
}: {
  loaded: Loaded<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}) {
  const { value, error, isSlow, isOld, reload } = loaded;
  return (
    <>
      {error !== undefined && <Failure error={error} what={what} retry={reload} />}
      {value === undefined ? (
        error === undefined && <Skeleton isShown={isSlow} />
      ) : (
        <div class={isOld && isSlow ? 'stale' : 'fresh'} aria-busy={isOld && isSlow}>
          {children(value)}
        </div>
      )}
    </>
  );
}

export function Skeleton({ isShown }: { isShown: boolean }) {
  return (
    <div class="skel" aria-hidden={!isShown} role="status">
      {isShown && (
        <>
          <i />
          <i />
          <i />
          <i />
          <i />
          <i />
          <span class="sr">Loading</span>
        </>
      )}
    </div>
  );
}

export function Empty({
  title,
  children,
  act,
}: {
  title: string;
  children?: ComponentChildren;
  act?: ComponentChildren;
}) {
  return (
    <div class="void">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {act}
    </div>
  );
}

/** Under a list that has more behind it. */
export function More({
  shown,
  text,
  onMore,
}: {
  shown: ComponentChildren;
  text: string;
  onMore: () => void;
}) {
  return (
    <div class="more">
      <span>{shown}</span>
      <button type="button" class="btn sm" onClick={onMore}>
        {text}
      </button>
    </div>
  );
}

export function CopyButton({ text, label, small = true }: { text: string; label: string; small?: boolean }) {
  return (
    <button
      type="button"
      class={`btn quiet icon${small ? ' sm' : ''}`}
      aria-label={label}
      title={label}
      onClick={() => copy(text, label)}
    >
      <Icon name="copy" />
    </button>
  );
}

/** Every screen ends with the same thing as a command, and its keys. */
export function Term({ command, keys, name }: { command: string; keys: readonly Key[]; name: string }) {
  useKeys(name, [
    ...keys,
    { key: 'Shift+C', about: 'copy the command', run: () => copy(command, 'The command') },
  ]);
  return (
    <>
      <div class="gap" />
      <div class="term">
        <Icon name="terminal" small />
        <code tabIndex={-1}>{command}</code>
        <CopyButton text={command} label="Copy command" />
        <span class="keys">
          {layers.value
            .flatMap((layer) => layer.keys)
            .filter(({ isShown }) => isShown)
            .slice(0, KEYS_MAX)
            .map(({ key, about }) => (
              <span>
                <kbd>{capOf(key)}</kbd>
                {about}
              </span>
            ))}
          <span>
            <kbd>?</kbd>all keys
          </span>
        </span>
      </div>
    </>
  );
}

/** As many as a line has room for; `?` has them all. */
const KEYS_MAX = 5;
const CAPS: Record<string, string> = {
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  Enter: '↵',
  Escape: 'esc',
  'Shift+C': '⇧C',
};
export const capOf = (key: string): string =>
  key
    .split(/( )/)
    .map((one) => CAPS[one] ?? one)
    .join('')
    .replaceAll(' / ', ' ');

export const resourceLink = (id: string): string => linkTo('resource', { id });
