// What a screen asks the service for: loaded when what it depends on changes, the old kept on the screen meanwhile.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  /** What came last. */
  value: T | undefined;
  /** Why the newest try failed. */
  error: unknown;
  /** A try is under way, and has been long enough for somebody to notice. */
  isSlow: boolean;
  /** What is shown answers an earlier question. */
  isOld: boolean;
  reload: () => void;
}

interface Options {
  /** Asked again so often while the page is looked at, milliseconds. */
  everyMs?: number;
}

const NOTICED_MS = 300;

/** Loads anew when one of `asked` changes; what an earlier question still brings is dropped. */
export function useLoad<T>(
  load: (signal: AbortSignal) => Promise<T>,
  asked: readonly unknown[],
  { everyMs }: Options = {},
): Loaded<T> {
  const [held, setHeld] = useState<{ value?: T; error?: unknown; key?: string }>({});
  const [isSlow, setSlow] = useState(false);
  const [round, setRound] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  const isUnderWay = useRef(false);
  const key = JSON.stringify(asked);
  const reload = useCallback(() => setRound((n) => n + 1), []);

  useEffect(() => {
    const controller = new AbortController();
    isUnderWay.current = true;
    const noticed = setTimeout(() => setSlow(true), NOTICED_MS);
    const end = (next: (old: { value?: T }) => { value?: T; error?: unknown; key?: string }): void => {
      clearTimeout(noticed);
      if (controller.signal.aborted) return;
      isUnderWay.current = false;
      setSlow(false);
      setHeld(next);
    };
    latest.current(controller.signal).then(
      (value) => end(() => ({ value, key })),
      (error: unknown) => end((old) => ({ ...old, error, key })),
    );
    return () => {
      clearTimeout(noticed);
      controller.abort();
    };
  }, [key, round]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => {
      // One that takes longer than that is waited for, and not begun again and again.
      if (document.visibilityState === 'visible' && !isUnderWay.current) reload();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, reload]);

  return { value: held.value, error: held.error, isSlow, isOld: held.key !== key, reload };
}
