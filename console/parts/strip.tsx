// A strip of the last runs: a mark for each, told apart by shape and not only by colour, and as a sentence.

import { MARKS_MAX, type Mark, marksInWords } from '../app/runs.ts';

const STEP = 4;

export function Strip({ marks }: { marks: readonly Mark[] }) {
  if (marks.length === 0) return <span class="faint">no run yet</span>;
  const told = marksInWords(marks);
  return (
    <svg class="runs" viewBox={`0 0 ${MARKS_MAX * STEP} 16`} role="img" aria-label={told}>
      <title>{told}</title>
      {marks.map(({ kind, at }, i) => (
        <OneMark key={`${at} ${kind}`} kind={kind} x={i * STEP} />
      ))}
    </svg>
  );
}

/** Whole: made. Half: unchanged. Hollow: skipped. Broken: failed. A dot: under way. */
function OneMark({ kind, x }: { kind: Mark['kind']; x: number }) {
  if (kind === 'unchanged') return <rect class="u" x={x} y="9" width="2.5" height="5" rx=".5" />;
  if (kind === 'skipped') return <rect class="m" x={x + 0.5} y="2.5" width="2" height="11" rx=".5" />;
  if (kind === 'running') return <circle class="r" cx={x + 1.25} cy="12" r="1.5" />;
  if (kind === 'failed') return <path class="f" d={`M${x} 2h2.5v8H${x}zM${x} 12h2.5v2H${x}z`} />;
  return <rect class="k" x={x} y="2" width="2.5" height="12" rx=".5" />;
}
