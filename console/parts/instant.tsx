// An instant as people write it, with what was understood under it at once: in the zone that is shown, and in UTC.

import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../../lib/client/contract.ts';
import { parseTime } from '../../lib/client/times.ts';
import { serviceNow } from '../app/session.ts';
import { moment, span, utc, zone, zoneName } from '../app/words.ts';

interface Props {
  label: string;
  /** As the URL has it: an instant, an id, `latest`, `-1`, `-2h`. */
  value: string;
  /** A moment that the service understands. */
  onChange: (moment: string) => void;
}

/** Takes a moment with Enter, or when the field is left. */
export function InstantField({ label, value, onChange }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const understood = parseTime(text, 'end', { now: serviceNow(), zone: zone.value });
  const isAhead = understood !== undefined && Date.parse(understood) > serviceNow() + 1000;
  const take = (): void => {
    if (understood !== undefined && !isAhead && understood !== value) onChange(understood);
  };
  return (
    <span class="inst">
      <input
        type="text"
        aria-label={label}
        value={text}
        spellcheck={false}
        autocomplete="off"
        placeholder="-2h, yesterday 14:00, backup-7"
        aria-invalid={understood === undefined || isAhead}
        onInput={(event) => setText(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take();
          else if (event.key === 'Escape') setText(value);
        }}
      />
      {text !== value && (
        <span class={`hint${understood === undefined || isAhead ? ' bad' : ''}`} role="status">
          {understood === undefined
            ? 'no instant: write 2025-01-01 14:00, -2h, yesterday 14:00 or a backup’s id'
            : isAhead
              ? 'that is yet to come: the latest state is `now`'
              : saying(understood)}
        </span>
      )}
    </span>
  );
}

function saying(understood: string): string {
  if (!/^\d/.test(understood)) return `Enter: ${understood}`;
  return `Enter: ${moment(understood)} ${zoneName(understood)} · ${utc(understood)}`;
}

/** Which backup answers, and how much older it is than what was asked for. */
export function Found({ state }: { state: Answer<'FoundState'> }) {
  const { backupId, createdAt, asked, ageSeconds, exact, reason } = state;
  return (
    <>
      found <b>{backupId}</b>, {moment(createdAt)} {zoneName(createdAt)}
      {asked !== undefined && ageSeconds > 0 && (
        <>
          , <b>{span(ageSeconds * 1000)} older</b> than asked
        </>
      )}
      {asked !== undefined && ageSeconds === 0 && ', exact'}
      {!exact && (
        <span class="late">
          ; a later state is{' '}
          {reason === 'pending' ? 'still being made' : `no longer there (${reason ?? 'gone'})`}
        </span>
      )}
    </>
  );
}
