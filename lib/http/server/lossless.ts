// Finds what JSON.parse would lose without a word. States never meet JSON.parse; the small members beside them do,
// and what we keep of those must be what was sent.

import type { Fault } from '../../core/records/errors.ts';
import { childPointer } from '../contract/pointer.ts';

/**
 * Every place in a text, already known to be valid JSON, where its parsed form would differ from it: a name given
 * twice, the name `__proto__` (copies drop it), a number that a double cannot hold, a lone surrogate.
 */
export function findLosses(text: string): Fault[] {
  const faults: Fault[] = [];
  let at = 0;

  function skipSpace(): void {
    while (' \t\r\n'.includes(text[at] ?? '-')) at++;
  }

  function takeString(): string {
    const start = at++;
    let escaped = false;
    while (text[at] !== '"') {
      if (text[at] === '\\') {
        escaped = true;
        at++;
      }
      at++;
    }
    at++;
    return escaped ? (JSON.parse(text.slice(start, at)) as string) : text.slice(start + 1, at - 1);
  }

  function takeScalar(pointer: string): void {
    const start = at;
    while (at < text.length && !',]} \t\r\n'.includes(text[at]!)) at++;
    const source = text.slice(start, at);
    if (/^[-\d]/.test(source) && !survivesAsDouble(source)) {
      faults.push({
        pointer,
        detail: 'is a number that would not be kept exactly; write it as a string instead',
      });
    }
  }

  function takeItems(close: string, takeItem: (index: number) => void): void {
    at++;
    skipSpace();
    for (let index = 0; text[at] !== close; index++) {
      takeItem(index);
      skipSpace();
      if (text[at] === ',') at++;
      skipSpace();
    }
    at++;
  }

  function takeObject(pointer: string): void {
    const names = new Set<string>();
    takeItems('}', () => {
      const name = takeString();
      const child = childPointer(pointer, name);
      if (names.has(name)) faults.push({ pointer: child, detail: 'is given twice' });
      names.add(name);
      if (name === '__proto__')
        faults.push({ pointer: child, detail: 'is a name that cannot be kept; use another' });
      else if (!name.isWellFormed()) faults.push({ pointer: child, detail: ILL_FORMED });
      skipSpace();
      at++;
      takeValue(child);
    });
  }

  function takeValue(pointer: string): void {
    skipSpace();
    const first = text[at];
    if (first === '{') takeObject(pointer);
    else if (first === '[') takeItems(']', (index) => takeValue(childPointer(pointer, index)));
    else if (first !== '"') takeScalar(pointer);
    else if (!takeString().isWellFormed()) faults.push({ pointer, detail: ILL_FORMED });
  }

  takeValue('');
  return faults;
}

const ILL_FORMED = 'holds half of a surrogate pair, which is not text';

/** Whether a JSON number names a value that JavaScript keeps: finite, no integer past 2^53 - 1, no digit lost. */
export function survivesAsDouble(source: string): boolean {
  const value = Number(source);
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) return false;
  return decimalOf(source) === decimalOf(String(value));
}

/** One spelling for each magnitude: digits without zeros at either end, and the power of ten they stand at. */
function decimalOf(source: string): string {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const digits = whole + fraction;
  let start = 0;
  let end = digits.length;
  while (start < end && digits[start] === '0') start++;
  while (end > start && digits[end - 1] === '0') end--;
  if (start === end) return '0';
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${digits.slice(start, end)}e${power}`;
}
