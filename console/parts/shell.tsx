// What stands around every screen: the side bar, who is signed in, the keys that work everywhere.

import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { areLettersOn, layers, useKeys } from '../app/keys.ts';
import { elsewhere } from '../app/pkce.ts';
import { go, linkTo, route, type Screen } from '../app/router.ts';
import { lostSince, mayDo, session, signOut } from '../app/session.ts';
import { OWN_ZONE, time, zone } from '../app/words.ts';
import { capOf } from './common.tsx';
import { Dialog } from './dialog.tsx';
import { Find, isFinding } from './find.tsx';
import { Icon, type IconName } from './icon.tsx';
import { Toast } from './toast.tsx';

const MENU: readonly { screen: Screen; text: string; icon: IconName; key: string; scope?: string }[] = [
  { screen: 'overview', text: 'Overview', icon: 'overview', key: 'o' },
  { screen: 'activity', text: 'Activity', icon: 'activity', key: 'a' },
  { screen: 'trash', text: 'Trash', icon: 'trash', key: 't' },
  { screen: 'retention', text: 'Retention', icon: 'retention', key: 'r', scope: 'policy:manage' },
  { screen: 'schedules', text: 'Schedules', icon: 'clock', key: 's', scope: 'schedule:read' },
  { screen: 'notifications', text: 'Notifications', icon: 'bell', key: 'n', scope: 'notify:manage' },
  { screen: 'audit', text: 'Audit', icon: 'audit', key: 'u', scope: 'audit:read' },
  // An issuer has its own.
  ...(elsewhere === undefined
    ? [{ screen: 'tokens', text: 'Tokens', icon: 'token', key: 'k', scope: 'admin' } as const]
    : []),
];
const ADMINISTRATION = 3;
const WITHIN_OVERVIEW: readonly Screen[] = ['overview', 'resource', 'state', 'history', 'compare'];

const areKeysShown = signal(false);
const isMenuShown = signal(false);

export function Shell({ children }: { children: ComponentChildren }) {
  useKeys('everywhere', [
    { key: '/', about: 'find or go to', run: () => (isFinding.value = true) },
    { key: '?', about: 'all keys', run: () => (areKeysShown.value = !areKeysShown.value) },
    ...MENU.map(({ screen, text, key }) => ({
      key: `g ${key}`,
      about: text.toLowerCase(),
      run: () => go(linkTo(screen)),
    })),
  ]);
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class="app">
        <header>
          <div class="side">
            <Brand text="Backup & Restore" />
            <button type="button" class="find" onClick={() => (isFinding.value = true)}>
              <Icon name="search" small />
              Find or go to<kbd>/</kbd>
            </button>
            <Menu label="Main" />
            <Who />
          </div>
          <div class="top">
            <Brand text="Backup & Restore" />
            <span class="push">
              <button
                type="button"
                class="btn quiet icon"
                aria-label="Find or go to"
                onClick={() => (isFinding.value = true)}
              >
                <Icon name="search" />
              </button>
              <button
                type="button"
                class="btn quiet icon"
                aria-label="Menu"
                aria-haspopup="dialog"
                onClick={() => (isMenuShown.value = true)}
              >
                <Icon name="menu" />
              </button>
            </span>
          </div>
        </header>
        <main id="main" tabIndex={-1}>
          <Lost />
          {children}
        </main>
      </div>
      {isFinding.value && <Find />}
      {areKeysShown.value && <AllKeys />}
      {isMenuShown.value && (
        <Dialog title="Menu" close={() => (isMenuShown.value = false)} isSmall>
          <div onClick={() => (isMenuShown.value = false)}>
            <Menu label="Menu" />
          </div>
          <Who />
        </Dialog>
      )}
      <Toast />
    </>
  );
}

function Brand({ text }: { text: string }) {
  return (
    <a class="brand" href={linkTo('overview')}>
      <Icon name="mark" />
      {text}
    </a>
  );
}

function Menu({ label }: { label: string }) {
  const { screen } = route.value;
  const shown = MENU.filter(({ scope }) => scope === undefined || mayDo.value(scope));
  return (
    <nav class="menu" aria-label={label}>
      {shown.map((entry) => {
        const at = MENU.indexOf(entry);
        const isHere =
          entry.screen === screen || (at === 0 && screen !== undefined && WITHIN_OVERVIEW.includes(screen));
        return (
          <>
            {at === shown.map((one) => MENU.indexOf(one)).find((one) => one >= ADMINISTRATION) && (
              <h2>Administration</h2>
            )}
            <a href={linkTo(entry.screen)} aria-current={isHere ? 'page' : undefined}>
              <Icon name={entry.icon} />
              {entry.text}
            </a>
          </>
        );
      })}
    </nav>
  );
}

function Who() {
  const { subject, required, version } = session.value ?? {};
  const other = zone.value === 'UTC' ? OWN_ZONE : 'UTC';
  return (
    <div class="who">
      <span>
        <b>{location.host}</b>
        {version && ` · v${version}`}
      </span>
      {required ? (
        <span>
          Signed in as <b>{subject}</b> ·{' '}
          <button type="button" class="lnk" onClick={() => void signOut()}>
            sign out
          </button>
        </span>
      ) : (
        <span>No token is asked for here</span>
      )}
      <span>
        Times in {zone.value}
        {OWN_ZONE !== 'UTC' && (
          <>
            {' '}
            ·{' '}
            <button type="button" class="lnk" onClick={() => (zone.value = other)}>
              {other}
            </button>
          </>
        )}
      </span>
    </div>
  );
}

/** What is on the screen stays; what would change something will fail, and says so. */
function Lost() {
  if (lostSince.value === undefined) return null;
  return (
    <div class="note late" role="status">
      <Icon name="warn" />
      <p>
        <b>The service has not answered since {time(lostSince.value, { seconds: true })}.</b> What is shown is
        from before; it is asked again by itself.
      </p>
    </div>
  );
}

function AllKeys() {
  return (
    <Dialog
      title="Keys"
      about="Single letters act only outside of fields. No key deletes."
      close={() => (areKeysShown.value = false)}
    >
      {[...layers.value]
        .reverse()
        .filter(({ keys }) => keys.length > 0)
        .map(({ name, keys }) => (
          <section>
            <h2 class="lbl">{name}</h2>
            <dl class="keymap">
              {keys.map(({ key, about }) => (
                <div>
                  <dt>{about}</dt>
                  <dd>
                    <kbd>{capOf(key)}</kbd>
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      <div class="check">
        <input
          type="checkbox"
          id="letters"
          checked={areLettersOn.value}
          onChange={(event) => (areLettersOn.value = event.currentTarget.checked)}
        />
        <label for="letters">
          Single letters are keys
          <br />
          <span class="hint">off: only the arrows, Enter, Esc and Tab are</span>
        </label>
      </div>
    </Dialog>
  );
}
