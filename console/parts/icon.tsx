// The icons, drawn for the console: 16 px grid, strokes in the colour of the text. One sprite in the page, used by name.

export type IconName = (typeof NAMES)[number];

const NAMES = [
  'activity',
  'audit',
  'bell',
  'broken',
  'check',
  'clock',
  'copy',
  'diff',
  'down',
  'download',
  'eye',
  'filter',
  'history',
  'hold',
  'left',
  'lock',
  'mark',
  'menu',
  'more',
  'overview',
  'pause',
  'plus',
  'proof',
  'restore',
  'retention',
  'right',
  'search',
  'sort',
  'source',
  'swap',
  'terminal',
  'tick',
  'token',
  'trash',
  'tree',
  'undo',
  'upload',
  'warn',
  'x',
] as const;

export function Sprite() {
  return (
    <svg width="0" height="0" aria-hidden="true">
      <defs>
        <symbol id="i-activity" viewBox="0 0 16 16">
          <path d="M1.5 8.5h3l2-5 3 9 2-4h3" />
        </symbol>
        <symbol id="i-audit" viewBox="0 0 16 16">
          <path d="M3 2.25h7l3 3v8.5H3z" />
          <path d="M5.5 6h3M5.5 8.5h5M5.5 11h5" />
        </symbol>
        <symbol id="i-bell" viewBox="0 0 16 16">
          <path d="M3.5 11.5h9l-1.25-2V7a3.25 3.25 0 0 0-6.5 0v2.5zM6.75 13.75h2.5" />
        </symbol>
        <symbol id="i-broken" viewBox="0 0 16 16">
          <circle cx="8" cy="8" r="6" />
          <path d="m5.75 5.75 4.5 4.5M10.25 5.75l-4.5 4.5" />
        </symbol>
        <symbol id="i-check" viewBox="0 0 16 16">
          <circle cx="8" cy="8" r="6" />
          <path d="m5.25 8.25 2 2 3.5-4" />
        </symbol>
        <symbol id="i-clock" viewBox="0 0 16 16">
          <circle cx="8" cy="8" r="6" />
          <path d="M8 4.75V8l2.25 1.5" />
        </symbol>
        <symbol id="i-copy" viewBox="0 0 16 16">
          <rect x="5.5" y="5.5" width="8" height="8" rx="1.5" />
          <path d="M3.75 10.5H3.5a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v.25" />
        </symbol>
        <symbol id="i-diff" viewBox="0 0 16 16">
          <path d="M8 2v12M2.5 5h3M2.5 8h3M2.5 11h3M10.5 6.5h3M12 5v3M10.5 11h3" />
        </symbol>
        <symbol id="i-down" viewBox="0 0 16 16">
          <path d="M3.5 6 8 10.5 12.5 6" />
        </symbol>
        <symbol id="i-download" viewBox="0 0 16 16">
          <path d="M8 2.5V10M5 7.25l3 3 3-3M3 13.5h10" />
        </symbol>
        <symbol id="i-eye" viewBox="0 0 16 16">
          <path d="M1.5 8S4 3.75 8 3.75 14.5 8 14.5 8 12 12.25 8 12.25 1.5 8 1.5 8z" />
          <circle cx="8" cy="8" r="1.9" />
        </symbol>
        <symbol id="i-filter" viewBox="0 0 16 16">
          <path d="M2.5 4h11M4.5 8h7M6.5 12h3" />
        </symbol>
        <symbol id="i-history" viewBox="0 0 16 16">
          <path d="M2.5 4v3h3" />
          <path d="M2.9 7A5.5 5.5 0 1 1 3 10M8 5v3.25l2 1.25" />
        </symbol>
        <symbol id="i-hold" viewBox="0 0 16 16">
          <path d="M3.75 14.25V2.5M3.75 3h8.5l-2 3 2 3h-8.5" />
        </symbol>
        <symbol id="i-left" viewBox="0 0 16 16">
          <path d="M10 3.5 5.5 8l4.5 4.5" />
        </symbol>
        <symbol id="i-lock" viewBox="0 0 16 16">
          <rect x="3.25" y="7" width="9.5" height="6.75" rx="1.5" />
          <path d="M5.25 7V5a2.75 2.75 0 0 1 5.5 0v2" />
        </symbol>
        <symbol id="i-mark" viewBox="0 0 16 16">
          <rect x="1.75" y="1.75" width="12.5" height="12.5" rx="3.25" />
          <path d="M8 4.75v3.5l-2.5 1.5" />
          <path d="M4.9 5.6 4.2 3.9M4.9 5.6l1.8-.5" />
        </symbol>
        <symbol id="i-menu" viewBox="0 0 16 16">
          <path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />
        </symbol>
        <symbol id="i-more" viewBox="0 0 16 16">
          <path d="M3.5 8v.01M8 8v.01M12.5 8v.01" stroke-width="2" />
        </symbol>
        <symbol id="i-overview" viewBox="0 0 16 16">
          <path d="M2.5 4h11M2.5 8h11M2.5 12h7" />
        </symbol>
        <symbol id="i-pause" viewBox="0 0 16 16">
          <circle cx="8" cy="8" r="6" />
          <path d="M6.5 6v4M9.5 6v4" />
        </symbol>
        <symbol id="i-plus" viewBox="0 0 16 16">
          <path d="M8 3v10M3 8h10" />
        </symbol>
        <symbol id="i-proof" viewBox="0 0 16 16">
          <path d="M8 1.75 13 3.5v4c0 3.2-2 5.6-5 6.75C5 13.1 3 10.7 3 7.5v-4z" />
          <path d="m5.75 7.75 1.6 1.6 3-3.1" />
        </symbol>
        <symbol id="i-restore" viewBox="0 0 16 16">
          <path d="M8 10V2.5M5 7.25 8 10.25l3-3M2.5 10.5v2.75h11V10.5" />
        </symbol>
        <symbol id="i-retention" viewBox="0 0 16 16">
          <path d="M4 2h8M4 14h8M5 2v2.2c0 1.6 3 2.6 3 3.8s-3 2.2-3 3.8V14M11 2v2.2c0 1.6-3 2.6-3 3.8s3 2.2 3 3.8V14" />
        </symbol>
        <symbol id="i-right" viewBox="0 0 16 16">
          <path d="m6 3.5 4.5 4.5L6 12.5" />
        </symbol>
        <symbol id="i-search" viewBox="0 0 16 16">
          <circle cx="7" cy="7" r="4.25" />
          <path d="m10.25 10.25 3.5 3.5" />
        </symbol>
        <symbol id="i-sort" viewBox="0 0 16 16">
          <path d="m5 9.5 3 3 3-3" />
        </symbol>
        <symbol id="i-source" viewBox="0 0 16 16">
          <ellipse cx="8" cy="3.75" rx="5" ry="1.9" />
          <path d="M3 3.75v8.5c0 1 2.2 1.9 5 1.9s5-.9 5-1.9v-8.5M3 8c0 1 2.2 1.9 5 1.9S13 9 13 8" />
        </symbol>
        <symbol id="i-swap" viewBox="0 0 16 16">
          <path d="M3 5.5h9.5L10 3M13 10.5H3.5L6 13" />
        </symbol>
        <symbol id="i-terminal" viewBox="0 0 16 16">
          <rect x="1.75" y="2.75" width="12.5" height="10.5" rx="1.5" />
          <path d="m4.5 6 2 2-2 2M8.5 10.25h3" />
        </symbol>
        <symbol id="i-tick" viewBox="0 0 16 16">
          <path d="m3.5 8.5 3 3 6-6.75" />
        </symbol>
        <symbol id="i-token" viewBox="0 0 16 16">
          <circle cx="5" cy="11" r="2.75" />
          <path d="m7 9 6-6M11 5l1.75 1.75M9 7l1.25 1.25" />
        </symbol>
        <symbol id="i-trash" viewBox="0 0 16 16">
          <path d="M2.5 4.25h11M6.25 4V2.5h3.5V4M4 4.5l.6 9h6.8l.6-9M6.75 7v4M9.25 7v4" />
        </symbol>
        <symbol id="i-tree" viewBox="0 0 16 16">
          <path d="M3 2.5v9a1 1 0 0 0 1 1h3M3 6.5h4M9 5h4.5v3H9zM9 11h4.5v3H9z" />
        </symbol>
        <symbol id="i-undo" viewBox="0 0 16 16">
          <path d="M5 3 2.5 5.5 5 8" />
          <path d="M2.75 5.5H9.5a3.75 3.75 0 0 1 0 7.5H6" />
        </symbol>
        <symbol id="i-upload" viewBox="0 0 16 16">
          <path d="M8 10.5V3M5 5.75l3-3 3 3M3 13.5h10" />
        </symbol>
        <symbol id="i-warn" viewBox="0 0 16 16">
          <path d="M8 2.25 14.25 13H1.75z" />
          <path d="M8 6.5v3M8 11.25v.01" />
        </symbol>
        <symbol id="i-x" viewBox="0 0 16 16">
          <path d="m4 4 8 8M12 4l-8 8" />
        </symbol>
      </defs>
    </svg>
  );
}

/** Beside a word, or alone in a button that has a name of its own. */
export function Icon({ name, small = false }: { name: IconName; small?: boolean }) {
  return (
    <svg class={small ? 'i i-s' : 'i'} viewBox="0 0 16 16" aria-hidden="true">
      <use href={`#i-${name}`} />
    </svg>
  );
}
