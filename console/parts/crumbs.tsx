// A path as steps that one can go to, behind the resource that it is of.

import { linkTo } from '../app/router.ts';
import { unescapeStep } from '../app/words.ts';

interface CrumbsProps {
  id: string;
  path: string;
  onSelect: (path: string) => void;
  onEdit: () => void;
}

export function Crumbs({ id, path, onSelect, onEdit }: CrumbsProps) {
  const steps = path.split('/').slice(1);
  return (
    <nav class="path" aria-label="Path">
      <a
        class="root"
        href={linkTo('state', { id })}
        onClick={(event) => {
          event.preventDefault();
          onSelect('');
        }}
        aria-current={path === '' ? 'location' : undefined}
      >
        <bdi>{id}</bdi>
      </a>
      {steps.map((step, i) => {
        const to = `/${steps.slice(0, i + 1).join('/')}`;
        const isLast = i === steps.length - 1;
        return (
          <>
            <span class="sl">/</span>
            <a
              href={linkTo('state', { id, path: to })}
              class={isLast ? 'last' : undefined}
              aria-current={isLast ? 'location' : undefined}
              onClick={(event) => {
                event.preventDefault();
                onSelect(to);
              }}
            >
              <bdi>{unescapeStep(step)}</bdi>
            </a>
          </>
        );
      })}
      <button type="button" class="end" onClick={onEdit}>
        <kbd>e</kbd> edit
      </button>
    </nav>
  );
}
