// The context of a data key as KMS takes it: a map of UTF-8 texts that are neither empty nor, by its documentation,
// anything but simple characters. Ours may be any strings, and no two of them may become one.

import type { KeyContext } from '../../ports/keyring.ts';

/** Left as they are, so that an ordinary resource id can be read in the audit log of the key. */
const PLAIN = /^[0-9A-Za-z._:/=@+-]$/;

/** An injective encoding: percent signs stand only where something was replaced. */
export function encryptionContext(context: KeyContext): Record<string, string> {
  return Object.fromEntries(Object.entries(context).map(([name, value]) => [simple(name), simple(value)]));
}

function simple(text: string): string {
  // No other text becomes a percent sign alone. The second one would otherwise vanish on its way through objects.
  if (text === '') return '%';
  if (text === '__proto__') return '%5F_proto__';
  return Array.from(text, encoded).join('');
}

function encoded(character: string): string {
  if (PLAIN.test(character)) return character;
  // Half of a surrogate pair has no UTF-8; percent signs of bytes are never followed by a "u".
  if (!character.isWellFormed()) return `%u${character.charCodeAt(0).toString(16)}`;
  return Array.from(Buffer.from(character), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
