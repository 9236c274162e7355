// Where this home reads the secrets that references name: in the environment and in the files of some folders, but none of the service's own. Whoever
// may name a receiver can have a secret sent there, so that not every file that this process may read can be one.

import { PortError } from '../ports/errors.ts';
import type { SecretReader } from '../ports/secrets.ts';
import { openRegular } from '../regular-file.ts';
import { createSecretReader } from '../sources/secrets.ts';
import { type Folders, isBelowAny, isOwn, type OwnPlaces, realPlace } from './own-places.ts';

/** The service's own, and what the machine's identity is proven with. */
const OWN = /^(BACKUP_|AWS_)/i;
const FILE_BYTES_MAX = 64 * 1024;

export interface SecretSettings {
  /** The environment. */
  env: Readonly<Record<string, string | undefined>>;
  /** In and below which files may be secrets. */
  folders: Folders;
}

/** Throws PortError as its port says; `denied` too for what is the service's own or the system's, or lies elsewhere. */
export function openSecrets({ env, folders }: SecretSettings, own: OwnPlaces): SecretReader {
  const foreign = Object.fromEntries(Object.entries(env).filter(([name]) => !OWN.test(name)));

  async function readFile(path: string): Promise<string> {
    const denied = (why: string): PortError => new PortError('denied', `file:${path} ${why}`);
    const place = await realPlace(path);
    if (await isOwn(place, own)) throw denied('is of the service or of the system, and no secret for others');
    if (!(await isBelowAny(place, folders)))
      throw denied('lies in none of the folders of BACKUP_SECRET_FOLDERS');
    // What was looked at is what is read, whatever a link leads to by then.
    const handle = await openRegular(place);
    try {
      if ((await handle.stat()).size > FILE_BYTES_MAX)
        throw denied(`has more than ${FILE_BYTES_MAX} bytes: that is no secret`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  }

  return createSecretReader({ env: foreign, readFile });
}
