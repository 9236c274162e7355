// The URL is the view: which screen, of what, at which instant. A colleague who is sent it sees the same; it never holds a token or a
// value.

import { computed, signal } from '@preact/signals';

export const SCREENS = [
  'overview',
  'resource',
  'state',
  'history',
  'compare',
  'activity',
  'trash',
  'retention',
  'schedules',
  'notifications',
  'audit',
  'tokens',
] as const;
export type Screen = (typeof SCREENS)[number];
export type Asked = Record<string, string>;

/** Where the console lives, with a slash at its end: the service's own paths are those beside it. */
export const HOME = /^(.*?\/console\/)/.exec(location.pathname)?.[1] ?? '/console/';
export const SERVICE_URL = new URL(HOME.replace(/console\/$/, ''), location.origin).href.replace(/\/$/, '');

const url = signal(new URL(location.href));

export const route = computed((): { screen: Screen | undefined; asked: Asked } => {
  const word = url.value.pathname.slice(HOME.length).replace(/\/$/, '') || 'overview';
  const screen = SCREENS.find((one) => one === word);
  return { screen, asked: Object.fromEntries(url.value.searchParams) };
});

/** What leads to a view. Members that are undefined or empty are left out. */
export function linkTo(screen: Screen, asked: Record<string, string | undefined> = {}): string {
  const search = new URLSearchParams(
    Object.entries(asked).filter((entry): entry is [string, string] => (entry[1] ?? '') !== ''),
  ).toString();
  return `${HOME}${screen === 'overview' ? '' : screen}${search === '' ? '' : `?${search}`}`;
}

export function go(href: string, { replaces = false } = {}): void {
  const next = new URL(href, location.href);
  if (next.href === url.value.href) return;
  history[replaces ? 'replaceState' : 'pushState'](null, '', next);
  const isOther = next.pathname !== url.value.pathname;
  url.value = next;
  if (!isOther || replaces) return;
  scrollTo(0, 0);
  // Where a new screen begins, so that a reader hears of it; the skip link's target.
  document.getElementById('main')?.focus({ preventScroll: true });
}

/** Changes what the view asks for; undefined takes a member out. */
export function ask(changes: Record<string, string | undefined>, how?: { replaces?: boolean }): void {
  const { screen = 'overview', asked } = route.value;
  go(linkTo(screen, { ...asked, ...changes }), how);
}

/** Links of ours are followed without loading the page anew. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    url.value = new URL(location.href);
  });
  document.addEventListener('click', (event) => {
    const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    const link = (event.target as Element | null)?.closest?.('a');
    if (!isPlain || event.defaultPrevented || !(link instanceof HTMLAnchorElement) || link.target !== '')
      return;
    if (link.origin !== location.origin || !link.pathname.startsWith(HOME) || link.hasAttribute('download'))
      return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    event.preventDefault();
    go(link.href);
  });
}
