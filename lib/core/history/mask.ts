// Which values are not to be shown: those under members whose names speak of secrets.

/** Words of names that mostly hold secrets. A help, no guarantee. */
const COMMON = [
  ...['password', 'passwd', 'secret', 'token', 'key', 'credential', 'private'],
  ...['auth', 'cookie', 'session', 'dsn', 'hash'],
];

export interface Mask {
  isAll: boolean;
  /** In lower case: a name that has one of them in it hides what is under it. */
  words: string[];
}

/**
 * What a request says of it: words with commas between them; `@common` stands for those that are common, `@all` hides every
 * value. Undefined for a text that has an empty word, or another with an @ before it.
 */
export function parseMask(text: string): Mask | undefined {
  const words = text.split(',').map((word) => word.trim().toLowerCase());
  if (words.some((word) => word === '' || (word.startsWith('@') && word !== '@all' && word !== '@common'))) {
    return undefined;
  }
  return {
    isAll: words.includes('@all'),
    words: words.flatMap((word) => (word === '@common' ? COMMON : word === '@all' ? [] : [word])),
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
