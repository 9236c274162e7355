// Names to addresses, of which none may be private: asked for the very connection, so that no later answer can lead elsewhere.

import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isPrivate } from './addresses.ts';

/** As its `code`. */
export const PRIVATE_ADDRESS = 'PRIVATE_ADDRESS';

function privateAddress(): Error {
  return Object.assign(new Error('the address is private'), { code: PRIVATE_ADDRESS });
}

/** As `dns.lookup`; an error of code PRIVATE_ADDRESS for a name with any private address. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '', 0);
    if (addresses.length === 0 || addresses.some(({ address }) => isPrivate(address))) {
      return callback(privateAddress(), '', 0);
    }
    if (options.all === true) return callback(null, addresses);
    const [{ address, family }] = addresses as [LookupAddress];
    return callback(null, address, family);
  });
};
