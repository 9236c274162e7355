// Data keys behind random handles: "wrapping" is keeping the key here and giving its handle away.

import { PortError } from '../ports/errors.ts';
import type { KeyContext, Keyring } from '../ports/keyring.ts';
import { type Random, randomHex } from '../ports/random.ts';
import { systemRandom } from '../random.ts';

interface KeptKey {
  dataKey: Uint8Array;
  context: string;
}

const KEY_VERSION = '1';

/** A keyring that forgets everything with the process. Each has a key id of its own. */
export function createMemoryKeyring(random: Random = systemRandom): Keyring {
  const keyId = `memory/${randomHex(random, 8)}`;
  const kept = new Map<string, KeptKey>();

  return {
    async generate(context) {
      const dataKey = new Uint8Array(random.bytes(32));
      const wrapped = Buffer.from(random.bytes(48)).toString('base64');
      kept.set(wrapped, { dataKey, context: contextText(context) });
      return { dataKey: dataKey.slice(), key: { keyId, keyVersion: KEY_VERSION, wrapped } };
    },

    async open(key, context) {
      if (key.keyId !== keyId || key.keyVersion !== KEY_VERSION) {
        throw new PortError('not_found', 'the key that wraps this data key is unknown');
      }
      const found = kept.get(key.wrapped);
      if (found === undefined || found.context !== contextText(context)) {
        throw new PortError('integrity', 'the data key does not open: it was changed, or belongs elsewhere');
      }
      return found.dataKey.slice();
    },

    async check() {},
  };
}

/** The same text for the same members in any order, another one for any other. */
function contextText(context: KeyContext): string {
  return JSON.stringify(
    Object.keys(context)
      .sort()
      .map((name) => [name, context[name]]),
  );
}
