// The ids that are random: 128 bits as 32 lower-case hex digits. Whoever takes one from outside
// asks here whether it is one.

const DIGITS = '[0-9a-f]{32}';

/** Of a blob: the name of its file or object. */
export const BLOB_ID = new RegExp(`^${DIGITS}$`);
/** Of an upload: the only key to it. */
export const UPLOAD_ID = new RegExp(`^${DIGITS}$`);
/** Of a store: what ties blobs and catalog together. */
export const STORE_ID = new RegExp(`^${DIGITS}$`);
/** Of a blob that was set aside: its id, and since when it lies there, in epoch milliseconds. */
export const ASIDE_NAME = new RegExp(`^(${DIGITS})\\.(\\d{1,16})$`);
