// Addresses that no public host has: what lies behind them is inside somebody's network, and no stranger's source may reach it.

import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { PortError } from '../../ports/errors.ts';

/** IANA's registries of special addresses, IPv4 and IPv6; and those that carry an IPv4 address within. */
const PRIVATE: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
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
  ['::ffff:0:0', 96, 'ipv6'],
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

let blocked: BlockList | undefined;

export function isPrivate(address: string): boolean {
  if (blocked === undefined) {
    blocked = new BlockList();
    for (const [net, bits, family] of PRIVATE) blocked.addSubnet(net, bits, family);
  }
  return blocked.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Whether a host may have such an address. */
export function mayBePrivate(privateHosts: 'any' | readonly string[], host: string): boolean {
  return privateHosts === 'any' || privateHosts.includes(host.toLowerCase());
}

/**
 * Looks a name up for a connection, which then goes to the very address that was looked at: a name that is answered differently the second time gains nothing.
 * Hands over PortError `denied` where any of its addresses is private.
 */
export const publicLookup: LookupFunction = (host, options, done) => {
  resolve(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0);
    if (addresses.some(({ address }) => isPrivate(address))) return done(refused(host), '', 0);
    if (options.all) return done(null, addresses as never);
    const [first] = addresses;
    done(null, first!.address, first!.family);
  });
};

export function refused(host: string): PortError {
  return new PortError('denied', `${host} has a private address, and is not one of the hosts that may`);
}
