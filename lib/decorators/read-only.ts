// Ports that only give: for whoever is to change nothing, so that a mistake there fails at once, and in every home.

import type { BlobStore } from '../ports/blob-store.ts';
import type { Catalog } from '../ports/catalog.ts';
import { PortError } from '../ports/errors.ts';
import type { Keyring } from '../ports/keyring.ts';
import { around, type MethodOf } from './around.ts';

/** What is not listed is refused: a new method is no hole. */
const BLOB_STORE_READS: readonly MethodOf<BlobStore>[] = ['get', 'getRange', 'list', 'listAside', 'check'];

const KEYRING_READS: readonly MethodOf<Keyring>[] = ['open', 'check'];

const CATALOG_READS: readonly MethodOf<Catalog>[] = [
  'getBackup',
  'getHead',
  'listHeads',
  'listBackups',
  'listHidden',
  'resourceHistory',
  'liveEntries',
  'tally',
  'expiring',
  'undecidedHeads',
  'leastProven',
  'newestBefore',
  'stateAt',
  'findSnapshot',
  'getIdempotency',
  'getPolicy',
  'getExpiryState',
  'hasLive',
  'getNotice',
  'listNotices',
  'getDocument',
  'listDocuments',
  'dueDocuments',
  'getRequest',
  'requestOfUpload',
  'listRequests',
  'unfinishedRequests',
  'getOperation',
  'listOperations',
  'unfinishedOperations',
  'hasLease',
  'dueGarbage',
  'resourceGarbage',
  'findUnknownBlobs',
  'pendingEvents',
  'listEvents',
  'check',
];

/** Refuses whatever would change the store with PortError `denied` (`read_only`); the store never hears of it. */
export const readOnlyBlobStore = (store: BlobStore): BlobStore => readOnly(store, BLOB_STORE_READS);

/** As `readOnlyBlobStore`: opens keys and makes none. */
export const readOnlyKeyring = (keyring: Keyring): Keyring => readOnly(keyring, KEYRING_READS);

/** As `readOnlyBlobStore`. Giving out ids is a change too. */
export const readOnlyCatalog = (catalog: Catalog): Catalog => readOnly(catalog, CATALOG_READS);

/** Of a port whose methods are all asynchronous. */
function readOnly<Port extends object>(port: Port, reads: readonly string[]): Port {
  return around(port, ({ method }, run) =>
    reads.includes(method)
      ? run()
      : Promise.reject(
          new PortError('denied', `${method} would change what may only be read here`, {
            reason: 'read_only',
          }),
        ),
  );
}
