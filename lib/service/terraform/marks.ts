// What a state of Terraform says of itself: which history it is of, and which place in that it has. Read from its text, never through
// a number of JavaScript: serials have 64 bits.

import type { CanonicalText } from '../../core/bytes/text.ts';
import { findValue } from '../../core/json/lookup.ts';
import type { Fault } from '../../core/records/errors.ts';

export interface StateMarks {
  /** Drawn once, when the first state of a history is made. */
  lineage: string;
  /** Each state of a lineage has a higher one than the one before. */
  serial: bigint;
  /** Where the serial stands in the text. */
  serialSpan: { from: number; to: number };
  /** Encrypted by the tool itself, which holds the serial against what it has sealed. */
  isSealed: boolean;
}

const SERIAL = /^(0|[1-9]\d{0,19})$/;
const SERIAL_MAX = 2n ** 64n - 1n;

const utf8 = new TextDecoder();

/** The marks of a text, or what keeps it from being a state of Terraform. */
export function marksOf(text: CanonicalText['bytes']): StateMarks | { faults: Fault[] } {
  if (text[0] !== 0x7b)
    return { faults: [{ pointer: '', detail: 'is no state of Terraform: it must be an object' }] };
  const faults: Fault[] = [];
  const serialText = findValue(text, ['serial']);
  const serial = serialText === undefined ? undefined : readSerial(utf8.decode(serialText));
  if (serial === undefined) {
    faults.push({
      pointer: '/serial',
      detail: 'must be a whole number from 0 to 2^64 - 1, as in every state of Terraform',
    });
  }
  const lineageText = findValue(text, ['lineage']);
  const lineage = lineageText === undefined ? undefined : readText(lineageText);
  if (lineage === undefined) {
    faults.push({
      pointer: '/lineage',
      detail: 'must be a text that is not empty, as in every state of Terraform',
    });
  }
  if (serial === undefined || lineage === undefined) return { faults };
  const from = serialText!.byteOffset - text.byteOffset;
  return {
    ...{ lineage, serial },
    serialSpan: { from, to: from + serialText!.length },
    isSealed: findValue(text, ['encrypted_data']) !== undefined,
  };
}

function readSerial(text: string): bigint | undefined {
  if (!SERIAL.test(text)) return undefined;
  const serial = BigInt(text);
  return serial <= SERIAL_MAX ? serial : undefined;
}

function readText(text: Uint8Array): string | undefined {
  if (text[0] !== 0x22) return undefined;
  const value = JSON.parse(utf8.decode(text)) as string;
  return value === '' ? undefined : value;
}

/** The same state with another serial. Every other byte stays as it is. */
export function withSerial(
  text: Uint8Array,
  { serialSpan: { from, to } }: StateMarks,
  serial: bigint,
): Uint8Array {
  return Buffer.concat([text.subarray(0, from), Buffer.from(String(serial)), text.subarray(to)]);
}
