// Which values are not to be shown: those under members whose names speak of secrets.

import type { ResourceSettings } from '../records/settings.ts';

/** Words of names that mostly hold secrets. A help, no guarantee. */
const COMMON = [
  ...['password', 'passwd', 'secret', 'token', 'key', 'credential', 'private'],
  ...['auth', 'cookie', 'session', 'dsn', 'hash'],
];

export interface Mask {
  isAll: boolean;
  /** In lower case: a name that has one of them in it hides what is under it. */
  words: string[];
  /** What was asked for beside what the resource says, while that is not put in yet: until then all is hidden. */
  besideResource?: Mask;
}

const GROUPS = ['@all', '@common', '@resource'];

/**
 * What a request says of it: words with commas between them; `@common` stands for those that are common, `@all` hides every
 * value, `@resource` hides what the settings of the resource say (`withSettings`). Undefined for a text that has an empty word, or
 * another with an @ before it.
 */
export function parseMask(text: string): Mask | undefined {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  if (words.some((word) => word === '' || (word.startsWith('@') && !GROUPS.includes(word)))) return undefined;
  const own = words.filter((word) => !GROUPS.includes(word));
  const asked = {
    isAll: words.includes('@all'),
    words: words.includes('@common') ? [...own, ...COMMON] : own,
  };
  return words.includes('@resource') ? { isAll: true, words: [], besideResource: asked } : asked;
}

/** The mask with what the resource says put in, if it was asked for: names that speak of secrets, where nothing is set. */
export function withSettings(
  mask: Mask,
  { mask: mode = 'by-name', sensitive = [] }: Pick<ResourceSettings, 'mask' | 'sensitive'> = {},
): Mask {
  const beside = mask.besideResource;
  if (beside === undefined) return mask;
  if (mode === 'none') return beside;
  return {
    isAll: beside.isAll || mode === 'all',
    words: [...beside.words, ...COMMON, ...sensitive.map((word) => word.toLowerCase())],
  };
}

/** Whether what is under a member of that name is hidden. */
export function hidesName(mask: Mask | undefined, name: string): boolean {
  if (mask === undefined) return false;
  const lower = name.toLowerCase();
  return mask.isAll || mask.words.some((word) => lower.includes(word));
}

/** Whether all that is under these names is hidden: numbers of elements are no names, and hide nothing. */
export function hidesPath(mask: Mask | undefined, steps: readonly string[]): boolean {
  return mask !== undefined && (mask.isAll || steps.some((step) => hidesName(mask, step)));
}
