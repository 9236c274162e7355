// Values of states: their own text in a text node, as they are stored. What is hidden has one width, and tells no length.

import { useState } from 'preact/hooks';
import { differing } from '../app/exact.ts';
import { bytes, counted } from '../app/words.ts';

export interface Shown {
  kind: string;
  bytes?: number;
  count?: number;
  text?: string;
  cut?: true;
  masked?: true;
}

const MASK = '••••••••';

export function Mask({ kind }: { kind?: string }) {
  return (
    <span class="mask" title={kind === undefined ? 'hidden by its name' : `${kind}, hidden by its name`}>
      {MASK}
      <span class="sr">hidden by its name</span>
    </span>
  );
}

/** A scalar's raw text, or what a container holds in words. */
export function Value({ of }: { of: Shown }) {
  const { kind, text, masked, cut, count = 0 } = of;
  if (masked) return <Mask kind={kind} />;
  if (text === undefined)
    return (
      <span class="p">
        {kind === 'array' ? `[${counted(count, 'item')}]` : `{${counted(count, 'member')}}`}
      </span>
    );
  return (
    <>
      {text}
      {cut && <span class="faint">… {bytes(of.bytes ?? 0)}</span>}
    </>
  );
}

/** Was and is, with the part marked that differs. */
export function wasAndIs(old: string, now: string) {
  const { head, tail } = differing(old, now);
  const mark = (text: string) => [
    text.slice(0, head),
    text.slice(head, text.length - tail),
    tail === 0 ? '' : text.slice(text.length - tail),
  ];
  const [a, b, c] = mark(old);
  const [d, e, f] = mark(now);
  return {
    old: (
      <>
        {a}
        {b !== '' && <del>{b}</del>}
        {c}
      </>
    ),
    now: (
      <>
        {d}
        {e !== '' && <ins>{e}</ins>}
        {f}
      </>
    ),
  };
}

const FOLDED = 600;

/** A long text is folded, and says how long it is. */
export function Long({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  if (text.length <= FOLDED || isOpen) return <>{text}</>;
  return (
    <>
      {text.slice(0, FOLDED)}…{' '}
      <button type="button" class="btn sm quiet" onClick={() => setOpen(true)}>
        show all {bytes(new TextEncoder().encode(text).length)}
      </button>
    </>
  );
}
