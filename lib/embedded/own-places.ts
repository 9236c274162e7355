// Where a path really leads, and what is the service's own: nobody's sources and secrets lie there.

import { realpath } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';

/**
 * Folders in which nobody is let: those that the service keeps its data in. With them go the files by which the system tells of its processes and
 * devices (/proc, /sys, /dev): the environment of the service, tokens and all, is one of them.
 */
export type OwnPlaces = readonly string[];

const OF_THE_SYSTEM = ['/proc', '/sys', '/dev'];

/** Who this machine is, as those who run containers put it among the secrets: good for far more than one source. */
const IDENTITY = /\/secrets\/(kubernetes\.io|eks\.amazonaws\.com|azure)\//;

/** By what links lead to; what is not there lies where it would be made. Throws what the system says of a path that cannot be followed. */
export async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error;
    return join(await realPlace(dirname(path)), basename(path));
  }
}

/** Whether one real place is the other or lies below it. */
function isBelow(place: string, folder: string): boolean {
  return place === folder || place.startsWith(folder === sep ? sep : folder + sep);
}

/** In and below which files may be had; `any` for all. */
export type Folders = 'any' | readonly string[];

/** Whether a real place lies in one of the folders or below it, by what links lead to. */
export async function isBelowAny(place: string, folders: Folders): Promise<boolean> {
  if (folders === 'any') return true;
  return (await Promise.all(folders.map(realPlace))).some((folder) => isBelow(place, folder));
}

/** Whether a real place is one of the service or of the system, or holds one of the service. */
export async function isOwn(place: string, own: OwnPlaces): Promise<boolean> {
  const folders = await Promise.all(own.map(realPlace));
  return (
    IDENTITY.test(place) ||
    OF_THE_SYSTEM.some((folder) => isBelow(place, folder)) ||
    folders.some((folder) => isBelow(place, folder) || isBelow(folder, place))
  );
}
