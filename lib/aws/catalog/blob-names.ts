// Names of blobs as few bytes: of those that are named after their backups, the bits that were drawn, and by how much each is later than
// the one before it. Those of a chain are days apart at most, as a rule, so that a name takes 14 bytes instead of 16.

const NAME_BYTES = 16;
/** The first of an id are its time, in milliseconds; of a name they are the last, the other way round. */
const TIME_BYTES = 6;
const DRAWN_BYTES = NAME_BYTES - TIME_BYTES;

/** In this order they come back. */
export function packedNames(blobIds: readonly string[]): Buffer {
  let before = 0;
  return Buffer.concat(
    blobIds.flatMap((blobId) => {
      const name = Buffer.from(blobId, 'hex');
      const time = name.readUIntLE(DRAWN_BYTES, TIME_BYTES);
      const apart = varint(zigzag(time - before));
      before = time;
      return [name.subarray(0, DRAWN_BYTES), apart];
    }),
  );
}

/** What is not what was packed gives names that nothing has. */
export function unpackedNames(bytes: Uint8Array): string[] {
  const names: string[] = [];
  let before = 0;
  for (let at = 0; at + DRAWN_BYTES < bytes.length; ) {
    const name = Buffer.alloc(NAME_BYTES);
    name.set(bytes.subarray(at, at + DRAWN_BYTES));
    const { value, end } = readVarint(bytes, at + DRAWN_BYTES);
    before = (before + unzigzag(value)) % 2 ** (8 * TIME_BYTES);
    if (before < 0) break;
    name.writeUIntLE(before, DRAWN_BYTES, TIME_BYTES);
    names.push(name.toString('hex'));
    at = end;
  }
  return names;
}

/** Small numbers of either sign as small ones of none. */
const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Seven bits a byte, the lowest first (LEB128); numbers beyond 32 bits too. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

const VARINT_BYTES_MAX = 7;

function readVarint(bytes: Uint8Array, from: number): { value: number; end: number } {
  let value = 0;
  let at = from;
  for (let n = 0; n < VARINT_BYTES_MAX && at < bytes.length; n++) {
    const byte = bytes[at++]!;
    value += (byte % 128) * 128 ** n;
    if (byte < 128) break;
  }
  return { value, end: at };
}
