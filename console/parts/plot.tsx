// The timeline: size of the state above; below, what was added and changed upward, what was removed downward, on a square-root scale, so
// that one large change does not flatten all others. Sums, never samples. SVG, so that keys and screen readers can enter it.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { bytes, counted, day, moment, number, time, zone } from '../app/words.ts';

export type Bucket = Answer<'Timeline'>['buckets'][number];

export interface PlotProps {
  from: number;
  to: number;
  buckets: readonly Bucket[];
  /** The `last` backup of the bucket that is chosen. */
  chosen: string | undefined;
  onChoose: (bucket: Bucket) => void;
  onOpen: (bucket: Bucket) => void;
}

const HEIGHT = 220;
const SIZE_TOP = 16;
const SIZE_BOTTOM = 62;
const BASE = 136;
const UP = 48;
const DOWN = 44;
const LEFT = 84;
const RIGHT = 8;

export function sentenceOf(bucket: Bucket): string {
  const { backups, fulls, additions, changes, deletions, size, held, damaged, from, to, last } = bucket;
  return [
    backups === 1
      ? `${last}, ${moment(from)}`
      : `${counted(backups, 'backup')}, ${moment(from)} to ${time(to)}`,
    fulls > 0 ? counted(fulls, 'full', 'full') : '',
    `${number(additions)} added, ${number(changes)} changed, ${number(deletions)} removed`,
    size === undefined ? '' : `state ${bytes(size)}`,
    held > 0 ? 'held' : '',
    damaged > 0 ? 'damaged' : '',
  ]
    .filter((one) => one !== '')
    .join(', ');
}

export function Plot({ from, to, buckets, chosen, onChoose, onOpen }: PlotProps) {
  const box = useRef<SVGSVGElement>(null);
  const isWalking = useRef(false);
  const width = useWidth(box, 1000);
  const inner = width - LEFT - RIGHT;
  const x = (at: number): number => LEFT + ((at - from) / Math.max(1, to - from)) * inner;
  const most = Math.max(1, ...buckets.map((b) => Math.max(b.additions + b.changes, b.deletions)));
  const tall = (count: number, room: number): number => Math.sqrt(count / most) * room;
  const sizes = buckets.map(({ size }) => size ?? 0);
  const [low, high] = [Math.min(...sizes), Math.max(...sizes)];
  const y = (size: number): number =>
    high === low ? SIZE_TOP + 20 : SIZE_BOTTOM - ((size - low) / (high - low)) * (SIZE_BOTTOM - SIZE_TOP);
  const centre = (b: Bucket): number =>
    x(b.backups === 1 ? Date.parse(b.from) : (Date.parse(b.from) + Date.parse(b.to)) / 2);
  const bar = Math.max(2, Math.min(10, inner / Math.max(1, buckets.length) - 2));
  const at = buckets.findIndex(({ last }) => last === chosen);
  const line = buckets
    .map((b, i) => `${i === 0 ? 'M' : 'L'}${centre(b).toFixed(1)} ${y(b.size ?? 0).toFixed(1)}`)
    .join('');

  const move = (event: KeyboardEvent): void => {
    const next = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buckets.length - 1 }[event.key];
    const bucket = next === undefined ? undefined : buckets[Math.max(0, Math.min(buckets.length - 1, next))];
    if (bucket !== undefined) onChoose(bucket);
    else if (event.key === 'Enter' && at >= 0) onOpen(buckets[at]!);
    else return;
    event.preventDefault();
    // The page's own arrows would move it once more.
    event.stopPropagation();
    isWalking.current = true;
  };
  // The one that was gone to is chosen once the page has heard of it.
  useEffect(() => {
    if (isWalking.current) box.current?.querySelector<SVGGElement>('[aria-selected=true]')?.focus();
  }, [chosen]);

  return (
    <svg
      ref={box}
      class="plot"
      height={HEIGHT}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="listbox"
      aria-label="State size and changes, bucket by bucket"
      aria-orientation="horizontal"
      tabindex={at < 0 ? 0 : -1}
      onKeyDown={move}
    >
      {ticks(from, to, Math.max(2, Math.floor(inner / 130))).map((tick) => (
        <g key={tick} role="presentation">
          <path class="grid" d={`M${x(tick)} ${SIZE_TOP - 6}V${HEIGHT - 24}`} />
          <text x={x(tick)} y={HEIGHT - 8} text-anchor="middle">
            {tickText(tick, to - from)}
          </text>
        </g>
      ))}
      <text x={LEFT - 10} y={SIZE_TOP + 4} text-anchor="end">
        {bytes(high)}
      </text>
      {low !== high && (
        <text x={LEFT - 10} y={SIZE_BOTTOM + 4} text-anchor="end">
          {bytes(low)}
        </text>
      )}
      <path class="base" d={`M${LEFT} ${BASE}H${width - RIGHT}`} />
      <text x={LEFT - 10} y={BASE - UP + 6} text-anchor="end">
        +{number(most)}
      </text>
      <text x={LEFT - 10} y={BASE + 4} text-anchor="end">
        0
      </text>
      <text x={LEFT - 10} y={BASE + DOWN} text-anchor="end">
        −{number(most)}
      </text>
      {buckets.length > 1 && <path class="size" d={line} />}
      {buckets.map((bucket, i) => {
        const mid = centre(bucket);
        const up = tall(bucket.additions + bucket.changes, UP);
        const changed =
          bucket.additions + bucket.changes === 0
            ? 0
            : (bucket.changes / (bucket.additions + bucket.changes)) * up;
        const isChosen = i === at;
        return (
          <g
            key={bucket.from}
            class="bk"
            role="option"
            aria-selected={isChosen}
            aria-label={sentenceOf(bucket)}
            tabindex={isChosen ? 0 : -1}
            onClick={() => onChoose(bucket)}
            onDblClick={() => onOpen(bucket)}
          >
            <rect
              class={isChosen ? 'sel-a' : 'hit'}
              x={mid - bar / 2 - 1}
              y={SIZE_TOP - 8}
              width={bar + 2}
              height={HEIGHT - SIZE_TOP - 16}
            />
            {isChosen && <path class="sel-l" d={`M${mid} ${SIZE_TOP - 8}V${HEIGHT - 24}`} />}
            <rect class="b-chg" x={mid - bar / 2} y={BASE - changed} width={bar} height={changed} />
            <rect class="b-add" x={mid - bar / 2} y={BASE - up} width={bar} height={up - changed} />
            <rect
              class="b-rem"
              x={mid - bar / 2}
              y={BASE}
              width={bar}
              height={tall(bucket.deletions, DOWN)}
            />
            {bucket.fulls > 0 && (
              <rect class="full" x={mid - 4} y={y(bucket.size ?? 0) - 4} width="8" height="8" />
            )}
            {isChosen && bucket.fulls === 0 && (
              <circle class="sel-d" cx={mid} cy={y(bucket.size ?? 0)} r="4.5" />
            )}
            {bucket.held > 0 && (
              <path class="held-f" d={`M${mid} ${SIZE_TOP - 14}h9l-2.6 3 2.6 3h-7.5v6H${mid}z`} />
            )}
            {bucket.damaged > 0 && <path class="broken" d={`M${mid - 4} ${BASE - 4}l8 8m0-8-8 8`} />}
          </g>
        );
      })}
    </svg>
  );
}

const SCALES = [1, 5, 15, 60, 180, 360, 720, 1440, 2880, 10_080, 43_200, 131_400, 525_600].map(
  (minutes) => minutes * 60_000,
);

/** Whole hours or days, as the reader's zone has them, at most so many. */
function ticks(from: number, to: number, most: number): number[] {
  const step = SCALES.find((one) => (to - from) / one <= most) ?? SCALES.at(-1)!;
  const shift = offsetOf(from);
  const found: number[] = [];
  for (let at = Math.ceil((from + shift) / step) * step - shift; at <= to; at += step) found.push(at);
  return found;
}

/** What the zone that is shown is ahead of UTC by, milliseconds. */
function offsetOf(at: number): number {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone.value,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(at);
  return Math.round((Date.parse(`${text.replace(' ', 'T')}Z`) - at) / 60_000) * 60_000;
}

const DAY_MS = 86_400_000;

function tickText(at: number, span: number): string {
  return span > 2 * DAY_MS || time(at) === '00:00' ? day(at) : time(at, { seconds: span < 300_000 });
}

function useWidth(box: { current: Element | null }, first: number): number {
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const parent = box.current?.parentElement;
    if (parent == null) return undefined;
    const observer = new ResizeObserver(
      ([entry]) => entry && setWidth(Math.max(280, Math.round(entry.contentRect.width))),
    );
    observer.observe(parent);
    return () => observer.disconnect();
  }, []);
  return width;
}

export function Legend() {
  return (
    <div class="legend" aria-hidden="true">
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <path class="size" d="M0 7 5 4l4 2 5-4" />
        </svg>
        state size
      </span>
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <rect class="full" x="3" y="1" width="8" height="8" />
        </svg>
        full
      </span>
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <rect class="b-add" x="4" y="0" width="6" height="10" />
        </svg>
        + added
      </span>
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <rect class="b-chg" x="4" y="0" width="6" height="10" />
        </svg>
        ~ changed
      </span>
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <rect class="b-rem" x="4" y="0" width="6" height="10" />
        </svg>
        − removed
      </span>
      <span>
        <svg viewBox="0 0 14 10" class="plot">
          <path class="held-f" d="M3 0h9L9.4 3 12 6H4.5v4H3z" />
        </svg>
        held
      </span>
      <span class="faint wide">square-root scale for changes</span>
    </div>
  );
}
