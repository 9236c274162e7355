// JSON Pointer (RFC 6901): written for errors, read for restores of a part.

/** A token longer than this is cut in an error's pointer: a member name may be megabytes long. */
const TOKEN_CHARS_MAX = 200;

const decoder = new TextDecoder('utf-8');

/** The pointer of raw member names (JSON string content, escapes and all) and array indexes. */
export function pointerOf(tokens: readonly (Uint8Array | number)[]): string {
  let pointer = '';
  for (const token of tokens) {
    pointer += `/${typeof token === 'number' ? token : escapeToken(shorten(decodeName(token)))}`;
  }
  return pointer;
}

/** The name that raw JSON string content stands for. */
export function decodeName(raw: Uint8Array): string {
  const text = decoder.decode(raw);
  return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text;
}

export function escapeToken(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** The pointer of these tokens, as they are. */
export function pointerOfSteps(steps: readonly string[]): string {
  return steps.map((step) => `/${escapeToken(step)}`).join('');
}

/** The tokens of a pointer, unescaped; undefined if it is not one. */
export function parsePointer(pointer: string): string[] | undefined {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The pointer that `users[0].name`, `$.users[0]` or `/users[0].name` was meant to be; undefined if it looks like none. */
export function pointerMeantBy(path: string): string | undefined {
  const steps = path
    .replace(/^\$/, '')
    .replaceAll(
      /\[(?:(\d+)|"([^"]*)"|'([^']*)')\]/g,
      (_, index, double, single) => `/${index ?? double ?? single}`,
    )
    .replaceAll('.', '/')
    .replaceAll(/\/{2,}/g, '/');
  const pointer = steps.startsWith('/') ? steps : `/${steps}`;
  return pointer === path || parsePointer(pointer) === undefined ? undefined : pointer;
}

function shorten(name: string): string {
  return name.length > TOKEN_CHARS_MAX ? `${name.slice(0, TOKEN_CHARS_MAX)}…` : name;
}
