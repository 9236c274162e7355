// One short word at a time on what was done; it stays while somebody is at it.

import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { useKeys } from '../app/keys.ts';

interface Told {
  text: string;
  undo?: () => void;
}

const told = signal<Told | undefined>(undefined);
const SHOWN_MS = 8000;

export function tell(text: string, undo?: () => void): void {
  told.value = undo === undefined ? { text } : { text, undo };
}

/** Copies, and says so; says also when the browser refuses. */
export function copy(text: string, what: string): void {
  navigator.clipboard.writeText(text).then(
    () => tell(`${what.replace(/^Copy (.)/, (_, first: string) => first.toUpperCase())} copied`),
    () => tell('The browser does not let this page copy'),
  );
}

export function Toast() {
  const now = told.value;
  const undo = (): void => {
    told.value = undefined;
    now?.undo?.();
  };
  useKeys('undo', now?.undo === undefined ? [] : [{ key: 'z', about: 'undo', run: undo }]);
  useEffect(() => {
    if (now === undefined) return undefined;
    let timer: ReturnType<typeof setTimeout>;
    const again = (): void => {
      timer = setTimeout(() => {
        if (document.activeElement?.closest('.toasts') != null) again();
        else if (told.value === now) told.value = undefined;
      }, SHOWN_MS);
    };
    again();
    return () => clearTimeout(timer);
  }, [now]);
  return (
    <div class="toasts" role="status">
      {now && (
        <div class="toast">
          <span>{now.text}</span>
          {now.undo && (
            <button type="button" class="btn sm" onClick={undo}>
              Undo <kbd>z</kbd>
            </button>
          )}
        </div>
      )}
    </div>
  );
}
