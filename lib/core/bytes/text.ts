// Canonical text: a JSON value as UTF-8 bytes, validated (RFC 8259), without insignificant white space, otherwise untouched.

/** Only the scanner makes these from outside bytes, and restore from proven ones. */
export interface CanonicalText {
  /** The text. Never modified once made. */
  bytes: Uint8Array;
  /** Lower-case hex SHA-256 of `bytes`. */
  checksum: string;
}
