// What can be done with one backup. What removes stands last, apart, and can be undone from the trash.

import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { go, linkTo } from '../app/router.ts';
import { client, mayDo } from '../app/session.ts';
import { faultOf } from '../parts/common.tsx';
import { Icon, type IconName } from '../parts/icon.tsx';
import { copy, tell } from '../parts/toast.tsx';

interface Entry {
  icon: IconName;
  text: string;
  run: () => void;
  isDanger?: boolean;
}

export function BackupMenu({ backup, reload }: { backup: Answer<'Backup'>; reload: () => void }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLSpanElement>(null);
  const { id, resourceId } = backup;
  const isHeld = backup.legalHold === true;

  const act = (what: Promise<unknown>, done: string, undo?: () => Promise<unknown>): void => {
    what.then(
      () => {
        tell(done, undo && (() => void undo().then(reload)));
        reload();
      },
      (error: unknown) => tell(faultOf(error).detail),
    );
  };
  const entries: Entry[] = [
    { icon: 'copy', text: 'Copy id', run: () => copy(id, 'The id') },
    ...(mayDo.value('data:read')
      ? [
          {
            icon: 'tree' as const,
            text: 'Open state',
            run: () => go(linkTo('state', { id: resourceId, at: id })),
          },
        ]
      : []),
    ...(mayDo.value('backup:verify')
      ? [
          {
            icon: 'proof' as const,
            text: 'Prove now',
            run: () => act(client.verify(id), `${id} was read whole, and its checksum is right`),
          },
        ]
      : []),
    ...(mayDo.value('hold:manage')
      ? [
          isHeld
            ? {
                icon: 'hold' as const,
                text: 'Lift the hold',
                run: () => act(client.protect(id, { legalHold: false }), `The hold of ${id} is lifted`),
              }
            : {
                icon: 'hold' as const,
                text: 'Hold',
                run: () =>
                  act(client.protect(id, { legalHold: true }), `${id} is held`, () =>
                    client.protect(id, { legalHold: false }),
                  ),
              },
        ]
      : []),
    ...(mayDo.value('backup:delete') && !isHeld
      ? [
          {
            icon: 'trash' as const,
            text: 'Delete',
            isDanger: true,
            run: () => act(client.remove(id), `${id} is in the trash`, () => client.undelete(id)),
          },
        ]
      : []),
  ];

  useLayoutEffect(() => {
    if (!isOpen) return undefined;
    box.current?.querySelector<HTMLElement>('[role=menuitem]')?.focus();
    const away = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', away);
    return () => document.removeEventListener('pointerdown', away);
  }, [isOpen]);

  const close = (): void => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>('button')?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (!isOpen) return;
    const items = [...(box.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])];
    const here = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') items[(here + 1) % items.length]?.focus();
    else if (event.key === 'ArrowUp') items.at(here <= 0 ? -1 : here - 1)?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    event.stopPropagation();
    event.preventDefault();
  };
  return (
    <span class="menu-at" ref={box} onKeyDown={onKeyDown}>
      <button
        type="button"
        class="btn quiet sm icon"
        aria-label={`More for ${id}`}
        title={`More for ${id}`}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name="more" />
      </button>
      {isOpen && (
        <div class="pop menu-p" role="menu" aria-label={id}>
          {entries.map(({ icon, text, run, isDanger }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              class={isDanger ? 'danger' : undefined}
              onClick={() => {
                close();
                run();
              }}
            >
              <Icon name={icon} small />
              {text}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
