// A dialog over any screen: the browser's own, which keeps the focus inside, ends with Esc and gives the focus back.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { Icon } from './icon.tsx';

export function Dialog(props: {
  title: string;
  about?: ComponentChildren;
  close: () => void;
  footer?: ComponentChildren;
  children: ComponentChildren;
  isSmall?: boolean;
}) {
  const { title, about, close, footer, children, isSmall } = props;
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    box.current?.showModal();
    box.current?.querySelector<HTMLElement>('[autofocus], input:not([disabled]), button.pri')?.focus();
    return () => {
      box.current?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={isSmall ? 'dlg small' : 'dlg'}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
    >
      <div class="dlg-h">
        <div>
          <h1 id={id}>
            <bdi>{title}</bdi>
          </h1>
          {about && <p class="dim">{about}</p>}
        </div>
        <button type="button" class="btn quiet icon" aria-label="Close" title="Close" onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      <div class="dlg-b">{children}</div>
      {footer && <div class="dlg-f">{footer}</div>}
    </dialog>
  );
}

/** A name that has to be typed, byte for byte, before what cannot be taken back. */
export function ConfirmName({
  name,
  typed,
  onType,
}: {
  name: string;
  typed: string;
  onType: (text: string) => void;
}) {
  const id = useId();
  return (
    <>
      <label class="field">
        <span>
          Type{' '}
          <b>
            <bdi>{name}</bdi>
          </b>{' '}
          to confirm
        </span>
        <input
          type="text"
          class="mono"
          value={typed}
          autocomplete="off"
          spellcheck={false}
          aria-describedby={id}
          onInput={(event) => onType(event.currentTarget.value)}
        />
      </label>
      <span class="sr" id={id}>
        The button is enabled when the name matches
      </span>
    </>
  );
}
