// What is looked at byte by byte: escapes, literals, and numbers with an exponent.

function isHex(c: u8): bool {
  return (c - 0x30 < 10) || ((c | 0x20) - 0x61 < 6);
}

/** Whether an escape goes on like this behind its backslash: four more bytes can be read. */
export function isEscape(p: usize): bool {
  const c = load<u8>(p);
  if (c == 0x75) {
    return isHex(load<u8>(p, 1)) && isHex(load<u8>(p, 2)) && isHex(load<u8>(p, 3)) && isHex(load<u8>(p, 4));
  }
  return (
    c == 0x22 || c == 0x5c || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74
  );
}

function isDigit(c: u8): bool {
  return c - 0x30 < 10;
}

/** Whether [p, end) is `true`, `false`, `null` or a number; 16 more bytes can be read. */
export function isScalar(from: usize, end: usize): bool {
  const size = end - from;
  if (size == 4) {
    const word = load<u32>(from);
    // `true` and `null`, the first letter in the lowest byte.
    if (word == 0x65757274 || word == 0x6c6c756e) return true;
  } else if (size == 5 && load<u32>(from) == 0x736c6166) {
    return load<u8>(from, 4) == 0x65;
  }
  let p = from;
  if (load<u8>(p) == 0x2d) p++;
  if (p == end) return false;
  if (load<u8>(p) == 0x30) p++;
  else {
    const first = p;
    while (p < end && isDigit(load<u8>(p))) p++;
    if (p == first) return false;
  }
  if (p < end && load<u8>(p) == 0x2e) {
    const first = ++p;
    while (p < end && isDigit(load<u8>(p))) p++;
    if (p == first) return false;
  }
  if (p < end && (load<u8>(p) | 0x20) == 0x65) {
    p++;
    if (p < end && (load<u8>(p) == 0x2b || load<u8>(p) == 0x2d)) p++;
    const first = p;
    while (p < end && isDigit(load<u8>(p))) p++;
    if (p == first) return false;
  }
  return p == end;
}
