// Jobs as the text of messages.

import { PortError } from '../../ports/errors.ts';
import type { Job } from '../../ports/queue.ts';
import { asciiJson } from '../calls/ascii-json.ts';

export function jobText(job: Job): string {
  return asciiJson(job);
}

/** Throws PortError `integrity` for a message that this service has not written. */
export function parseJob(text: string): Job {
  const value = parse(text);
  const kind = value?.kind;
  if ((kind === 'restore' || kind === 'backup') && typeof value?.id === 'string') {
    return { kind, id: value.id };
  }
  throw new PortError('integrity', 'the message is no job');
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
