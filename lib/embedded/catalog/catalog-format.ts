// Whether the file of a catalog is sound, and how one of an older release is brought to our format.

import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { PortError } from '../../ports/errors.ts';
import { MIGRATIONS, sumOf } from './schema.ts';

/**
 * Makes an opened catalog ready for use. Throws PortError `integrity` if the file is damaged, `denied` if a newer release
 * wrote it, and errors of node:sqlite. `isSound`: its pages have been checked just now.
 */
export function bringToFormat(native: DatabaseSync, path: string, isSound = false): void {
  native.function('doc_sum', { deterministic: true }, (doc) => sumOf(String(doc)));
  if (!isSound) demandSound(native, path);
  migrate(native);
}

/** A larger catalog is looked at page by page only: its indexes are compared with its rows later, a part at a time. */
const FULL_CHECK_BYTES_MAX = 512 * 1024 * 1024;

/** Throws PortError `integrity` unless every page is what SQLite would have written, and every index leads to its rows. */
export function demandSound(native: DatabaseSync, path: string): void {
  const check = statSync(path).size > FULL_CHECK_BYTES_MAX ? 'quick_check' : 'integrity_check';
  const [found] = Object.values(native.prepare(`PRAGMA ${check}(1)`).get() ?? {});
  if (found === 'ok') return;
  throw new PortError('integrity', `catalog.sqlite is damaged (${String(found).split('\n')[0]})`, {
    reason: 'catalog_damaged',
  });
}

/** The format of a catalog, 0 if it has no tables yet. Throws PortError `denied` if a newer release wrote it. */
export function demandKnownFormat(native: DatabaseSync): number {
  const stored = Number(native.prepare('PRAGMA user_version').get()?.user_version);
  if (stored > MIGRATIONS.length) {
    throw new PortError(
      'denied',
      `the catalog has format ${stored}, this release knows up to ${MIGRATIONS.length}: use a newer release`,
    );
  }
  return stored;
}

function migrate(native: DatabaseSync): void {
  const missing = MIGRATIONS.slice(demandKnownFormat(native));
  if (missing.length > 0) {
    native.exec(`BEGIN; ${missing.join('\n')} PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
  }
}
