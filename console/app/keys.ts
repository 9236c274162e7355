// Keys: those of the screen that is open, and those that work everywhere. Single letters act only outside of fields, and can be turned
// off (WCAG 2.1.4). No key deletes.

import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export interface Key {
  /** As on the key cap: `j`, `Enter`, `[`, `g a` for two one after the other, `Shift+C`. */
  key: string;
  /** What it does, for the list of keys. */
  about: string;
  run: () => void;
  /** Stands in the footer too. */
  isShown?: boolean;
}

interface Layer {
  name: string;
  keys: readonly Key[];
}

export const layers = signal<readonly Layer[]>([]);
export const areLettersOn = signal(true);

/** The keys of a part of the page, as long as it is on the screen; what was added last comes first. */
export function useKeys(name: string, keys: readonly Key[]): void {
  const layer = useRef<{ name: string; keys: readonly Key[] }>({ name, keys });
  layer.current.keys = keys;
  const told = keys.map(({ key, about }) => `${key} ${about}`).join('|');
  useEffect(() => {
    const own = layer.current;
    // A list of its own each time, so that whoever shows it hears of the change.
    layers.value = [...layers.value.filter((one) => one !== own), own];
    return () => {
      layers.value = layers.value.filter((one) => one !== own);
    };
  }, [name, told]);
}

const PAIR_MS = 1200;
let first: { key: string; at: number } | undefined;

export function listenToKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.isComposing) return;
    const pressed =
      event.shiftKey && event.key.length === 1 && /[a-z]/i.test(event.key)
        ? `Shift+${event.key.toUpperCase()}`
        : event.key;
    if (event.key.length === 1 && (!areLettersOn.value || isField(event.target))) return;
    // Enter on a link or a button is the browser's; in a dialog only its own keys count.
    if (event.key === 'Enter' && (isField(event.target) || isControl(event.target))) return;
    if (document.querySelector('dialog[open]') !== null && !isDialogKey(pressed)) return;
    const pair = first !== undefined && event.timeStamp - first.at < PAIR_MS ? `${first.key} ${pressed}` : '';
    const found = find(pair) ?? find(pressed);
    first = undefined;
    if (found !== undefined) {
      event.preventDefault();
      found.run();
    } else if (beginsPair(pressed)) first = { key: pressed, at: event.timeStamp };
  });
}

function find(key: string): Key | undefined {
  for (const { keys } of [...layers.value].reverse()) {
    const found = keys.find((one) => one.key.split(' / ').includes(key));
    if (found !== undefined) return found;
  }
  return undefined;
}

function beginsPair(key: string): boolean {
  return layers.value.some(({ keys }) =>
    keys.some((one) => one.key.startsWith(`${key} `) && !one.key.includes('/')),
  );
}

function isDialogKey(key: string): boolean {
  return key === '?';
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.matches('input:not([type=checkbox], [type=radio]), select, textarea')
  );
}

function isControl(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.closest('a, button, summary, [role=menuitem], [role=option]') !== null
  );
}
