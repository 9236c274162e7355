// Which process listens on a port of this machine, where the kernel says so (Linux, and only of what we may look at).

import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface PortOwner {
  pid: number;
  command: string;
}

const LISTEN = '0A';
const COMMAND_CHARS_MAX = 100;

/** Undefined where that cannot be found out. */
export function portOwner(port: number): PortOwner | undefined {
  const inodes = ['tcp', 'tcp6'].flatMap((table) => listenersOf(table, port));
  if (inodes.length === 0) return undefined;
  const sockets = new Set(inodes.map((inode) => `socket:[${inode}]`));
  const pids = attempt(() => readdirSync('/proc'))?.filter((name) => /^\d+$/.test(name)) ?? [];
  const pid = pids.find((one) => openFiles(one).some((file) => sockets.has(file)));
  return pid === undefined ? undefined : { pid: Number(pid), command: commandOf(pid) };
}

/** Inodes of the sockets in /proc/net/tcp that listen on the port: fields of https://docs.kernel.org/networking/proc_net_tcp.html */
function listenersOf(table: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines =
    attempt(() => readFileSync(`/proc/net/${table}`, 'utf8'))
      ?.split('\n')
      .slice(1) ?? [];
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1]?.endsWith(suffix) && fields[3] === LISTEN)
    .map((fields) => fields[9]!);
}

function openFiles(pid: string): string[] {
  const names = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return names.map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
}

function commandOf(pid: string): string {
  const words = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))
    ?.split('\0')
    .join(' ')
    .trim();
  return words === undefined || words === '' ? 'unknown' : words.slice(0, COMMAND_CHARS_MAX);
}

/** Processes come and go, and most are not ours to look at. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
