// What forms share: what the service has against a field, by its pointer; references to secrets; lists that are typed.

import { BackupError } from '../../lib/client/client.ts';

/** What is wrong, by the JSON Pointer of the member that it is about. */
export type Faults = ReadonlyMap<string, string>;

export const NO_FAULTS: Faults = new Map();

/** Those of an answer; none of what is no answer, or says nothing about fields. */
export function faultsIn(error: unknown): Faults {
  if (!(error instanceof BackupError)) return NO_FAULTS;
  return new Map(error.errors.map(({ pointer, detail }) => [pointer, detail]));
}

/** Of the member, or of what is in it: `/secrets/1` is about `/secrets`. */
export function faultAt(faults: Faults, pointer: string): string | undefined {
  for (const [at, detail] of faults) if (at === pointer || at.startsWith(`${pointer}/`)) return detail;
  return undefined;
}

/** Whether every fault is about one of these members: then each stands at its field, and nowhere else. */
export function areShown(faults: Faults, pointers: readonly string[]): boolean {
  return (
    faults.size > 0 &&
    [...faults.keys()].every((at) => pointers.some((one) => at === one || at.startsWith(`${one}/`)))
  );
}

const REFERENCE = /^(?:env:[A-Za-z_]\w*|file:\/.+|secretsmanager:[A-Za-z0-9/_+=.@:#-]+)$/;

/** What is no reference may be the secret itself: it is not sent anywhere. */
export const isReference = (text: string): boolean => REFERENCE.test(text);

export const NO_REFERENCE =
  'Say where the secret stands, never what it is: env:NAME, file:/run/secrets/x or secretsmanager:arn. It was not sent.';

/** What stands between commas or on lines of its own. */
export function listOf(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

/** `name: value`, a line each; undefined for a line that is none. */
export function headersOf(text: string): Record<string, string> | undefined {
  const pairs: [string, string][] = [];
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const at = line.indexOf(':');
    if (at < 1) return undefined;
    pairs.push([line.slice(0, at).trim(), line.slice(at + 1).trim()]);
  }
  return Object.fromEntries(pairs);
}

export function headerLines(headers: Readonly<Record<string, string>> = {}): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
}

const SECRET_HEADER = /auth|cookie|passw|pwd|secret|token|api[-_]?key|access[-_]?key|credential|signature/i;

/** The first header that looks like a secret and names none: undefined if all may go. */
export function bareSecretIn(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.entries(headers).find(
    ([name, value]) => SECRET_HEADER.test(name) && !/\{(env|file|secretsmanager):[^{}]+\}/.test(value),
  )?.[0];
}
