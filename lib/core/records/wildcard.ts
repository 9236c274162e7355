// Names with stars in them.

/**
 * Whether a pattern fits a whole text: `*` stands for anything, however long, line ends too; all else for itself. Looks at each part once,
 * from the left: a regular expression tries again for each star, and one of ten stars would never come to an end.
 */
export function fitsPattern(pattern: string, text: string): boolean {
  const [head = '', ...parts] = pattern.split('*');
  const tail = parts.pop();
  if (tail === undefined) return head === text;
  const end = text.length - tail.length;
  if (head.length > end || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    at = found + part.length;
    if (found < 0 || at > end) return false;
  }
  return true;
}
