// Addresses that no public host has: what lies behind them is inside somebody's network. Whoever may name a source or a receiver
// must not reach it by that, where a home says so.

import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { PortError } from './ports/errors.ts';

/** IANA's registries of special addresses, IPv4 and IPv6; and those that carry an IPv4 address within, but for `::ffff:`, which the list takes for what it carries. */
const NETS: readonly (readonly [net: string, bits: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
  ['::', 96, 'ipv6'],
  ['64:ff9b::', 96, 'ipv6'],
  ['64:ff9b:1::', 48, 'ipv6'],
  ['100::', 64, 'ipv6'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
  ['fec0::', 10, 'ipv6'],
  ['ff00::', 8, 'ipv6'],
];

const PRIVATE = new BlockList();
for (const [net, bits, family] of NETS) PRIVATE.addSubnet(net, bits, family);

/** Whether an address is private, of this machine or of the link, or for no single machine. What is no address counts too. */
export function isPrivate(address: string): boolean {
  const family = isIP(address);
  return family === 0 || PRIVATE.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Whether a host is written as such an address: that is looked up nowhere. Without the brackets of a URL. */
export function isPrivateLiteral(host: string): boolean {
  return isIP(host) !== 0 && isPrivate(host);
}

/**
 * As `dns.lookup`, for the very connection: it goes to the address that was looked at, and no later answer can lead elsewhere. Hands over
 * what `privateAddress` gives for a name with any private address.
 */
export const publicLookup: LookupFunction = (host, options, done) => {
  systemLookup(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return done(error, '', 0);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isPrivate(address))) {
      return done(privateAddress(host), '', 0);
    }
    if (options.all === true) return done(null, addresses);
    return done(null, first.address, first.family);
  });
};

export function privateAddress(host: string): PortError {
  return new PortError('denied', `${host} has a private address, and is not one of the hosts that may`, {
    reason: 'private_address',
  });
}
