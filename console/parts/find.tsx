// Find or go to: resources by how their ids begin, a backup by its id, and every screen.

import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { BackupError } from '../../lib/client/client.ts';
import { useLoad } from '../app/load.ts';
import { go, linkTo } from '../app/router.ts';
import { client } from '../app/session.ts';
import { counted } from '../app/words.ts';
import { Dialog } from './dialog.tsx';
import { Icon, type IconName } from './icon.tsx';

export const isFinding = signal(false);

interface Hit {
  icon: IconName;
  text: string;
  about: string;
  href: string;
}

const PLACES: readonly Hit[] = [
  { icon: 'overview', text: 'Overview', about: 'all resources', href: linkTo('overview') },
  { icon: 'activity', text: 'Activity', about: 'what runs, what failed', href: linkTo('activity') },
  { icon: 'trash', text: 'Trash', about: 'what can still come back', href: linkTo('trash') },
  { icon: 'retention', text: 'Retention', about: 'what is kept, and why', href: linkTo('retention') },
  { icon: 'clock', text: 'Schedules', about: 'what runs by itself', href: linkTo('schedules') },
  {
    icon: 'source',
    text: 'Sources',
    about: 'where states are read from',
    href: linkTo('schedules', { show: 'sources' }),
  },
  {
    icon: 'proof',
    text: 'Drills',
    about: 'restores that were tried',
    href: linkTo('schedules', { show: 'drills' }),
  },
  { icon: 'bell', text: 'Notifications', about: 'who is told of what', href: linkTo('notifications') },
  { icon: 'audit', text: 'Audit', about: 'who did what', href: linkTo('audit') },
  { icon: 'token', text: 'Tokens', about: 'who may do what', href: linkTo('tokens') },
];

async function find(text: string, signal: AbortSignal): Promise<Hit[]> {
  const word = text.trim();
  const places = PLACES.filter((one) => one.text.toLowerCase().startsWith(word.toLowerCase()));
  const asked = { ...(word === '' ? {} : { prefix: word }), limit: 8 };
  const [{ resources }, backup] = await Promise.all([
    client.call('listResources', { query: asked }, { signal }),
    /^backup-\w+$/.test(word) ? client.backup(word).catch(unlessUnknown) : undefined,
  ]);
  return [
    ...(backup === undefined
      ? []
      : [
          {
            icon: 'tree' as const,
            text: backup.id,
            about: `of ${backup.resourceId}`,
            href: linkTo('state', { id: backup.resourceId, at: backup.id }),
          },
        ]),
    ...resources.map(
      ({ id, live }): Hit => ({
        icon: 'source',
        text: id,
        about: counted(live, 'backup'),
        href: linkTo('resource', { id }),
      }),
    ),
    ...places,
  ];
}

/** That there is no such backup is an answer, too. */
function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof BackupError && error.code === 'backup_not_found')) throw error;
}

export function Find() {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const { value: hits = PLACES, isOld, error } = useLoad((signal) => find(text, signal), [text]);
  // Who is faster than the answer means what was typed, and not what is still on the screen.
  const [isEntered, setEntered] = useState(false);
  const chosen = Math.min(at, hits.length - 1);
  const close = (): void => {
    isFinding.value = false;
  };
  const open = (hit: Hit | undefined): void => {
    if (hit === undefined) return;
    close();
    go(hit.href);
  };
  useEffect(() => {
    if (isEntered && !isOld && error === undefined) open(hits[0]);
  }, [isEntered, isOld]);
  return (
    <Dialog title="Find or go to" close={close} isSmall>
      <input
        type="text"
        role="combobox"
        aria-label="A resource, a backup or a screen"
        aria-expanded="true"
        aria-controls="hits"
        aria-autocomplete="list"
        aria-activedescendant={hits.length > 0 ? `hit-${chosen}` : undefined}
        placeholder="A resource, a backup or a screen"
        value={text}
        spellcheck={false}
        onInput={(event) => {
          setEntered(false);
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setAt(Math.min(chosen + 1, hits.length - 1));
          else if (event.key === 'ArrowUp') setAt(Math.max(chosen - 1, 0));
          else if (event.key === 'Enter') {
            if (isOld) setEntered(true);
            else open(hits[chosen]);
          } else return;
          event.preventDefault();
        }}
      />
      {hits.length === 0 && (
        <p class="hint">Nothing begins with that. Resources are found by how their ids begin.</p>
      )}
      <ul id="hits" role="listbox" class="hits" aria-label="Found">
        {hits.map((hit, i) => (
          <li
            key={hit.href}
            id={`hit-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => open(hit)}
          >
            <Icon name={hit.icon} small />
            <bdi>{hit.text}</bdi>
            <span class="faint">{hit.about}</span>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
