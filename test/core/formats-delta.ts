// A reader of stored deltas of format 2, from docs/formats.md and not from the code. It trusts what it reads.

import { inflateRawSync } from 'node:zlib';

const SHORT_BYTES = 32;
const SEARCHED_BYTES = 4096;

export function applyFormat2(base: Buffer, text: Buffer): Buffer {
  let at = 65;
  const bytes = (length: number): Buffer => {
    if (at + length > text.length) throw new Error('cut short');
    at += length;
    return text.subarray(at - length, at);
  };
  const number = (): number => {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const [byte] = bytes(1) as unknown as [number];
      value += (byte % 128) * unit;
      if (byte < 128) return value;
    }
  };
  const section = (): Buffer => {
    const kind = number();
    const inflatedBytes = kind % 2 === 1 ? number() : undefined;
    const stored = bytes(Math.floor(kind / 2));
    return inflatedBytes === undefined ? stored : inflateRawSync(stored, { maxOutputLength: inflatedBytes });
  };
  const column = (count: number): number[] => {
    const planes = number();
    if (planes === 7) {
      const row = section();
      const numbers: number[] = [];
      for (let k = 0, value = 0, unit = 1; k < row.length; k++) {
        value += (row[k]! % 128) * unit;
        unit *= 128;
        if (row[k]! >= 128) continue;
        numbers.push(value);
        value = 0;
        unit = 1;
      }
      return numbers;
    }
    const sections = Array.from({ length: planes }, section);
    return Array.from({ length: count }, (_, k) =>
      sections.reduce((sum, plane, i) => sum + plane[k]! * 256 ** i, 0),
    );
  };
  const signed = (count: number): number[] =>
    column(count).map((value) => (value % 2 === 1 ? -(value + 1) / 2 : value / 2));

  const [baseBytes, targetBytes] = Array.from({ length: 6 }, number);
  if (base.length !== baseBytes) throw new Error('another base');
  const anchors = Array.from({ length: number() }, () => {
    const [shift, length] = bytes(2) as unknown as [number, number];
    return { shift, end: bytes(length) };
  });
  const count = number();
  const kinds = [...section()];
  const far = kinds.filter((kind) => kind === 1).length;
  const near = kinds.filter((kind) => kind === 2).length;
  const anchored = kinds.filter((kind) => kind >= 3).length;
  const inLine = count - far - near;
  const skips = signed(inLine);
  const lengths = column(inLine - anchored);
  const steps = column(anchored);
  const detours = signed(far);
  const nearby = signed(near);
  const detourBytes = column(far + near);
  const literalBytes = column(count + 1);
  const literals = readLiterals(number(), section, literalBytes);
  if (at !== text.length) throw new Error('too long');

  const pieces = [literals[0]!];
  let place = 0;
  let detourEnd = 0;
  kinds.forEach((kind, k) => {
    let start: number;
    let end: number;
    if (kind === 1 || kind === 2) {
      start = kind === 1 ? detourEnd + detours.shift()! : place + nearby.shift()!;
      end = detourEnd = start + detourBytes.shift()!;
    } else {
      start = place + skips.shift()!;
      if (kind === 0) {
        end = start + lengths.shift()!;
      } else {
        const anchor = anchors[kind - 3]!;
        const from = start + steps.shift()! * 2 ** anchor.shift;
        const found = base.subarray(from, from + SEARCHED_BYTES + anchor.end.length).indexOf(anchor.end);
        if (found < 0) throw new Error('no anchor');
        end = from + found + anchor.end.length;
      }
      place = end;
    }
    pieces.push(base.subarray(start, end), literals[k + 1]!);
  });
  const target = Buffer.concat(pieces);
  if (target.length !== targetBytes) throw new Error('another length');
  return target;
}

function readLiterals(order: number, section: () => Buffer, lengths: number[]): Buffer[] {
  const isShort = (length: number): boolean => order === 1 && length <= SHORT_BYTES;
  const short = order === 1 ? section() : Buffer.alloc(0);
  const long = section();
  const passed = new Map<number, number>();
  let longAt = 0;
  return lengths.map((length) => {
    if (!isShort(length)) {
      longAt += length;
      return long.subarray(longAt - length, longAt);
    }
    const shorter = lengths.filter((other) => other < length).reduce((sum, other) => sum + other, 0);
    const alike = lengths.filter((other) => other === length).length;
    const k = passed.get(length) ?? 0;
    passed.set(length, k + 1);
    return Buffer.from(Array.from({ length }, (_, i) => short[shorter + i * alike + k]!));
  });
}
