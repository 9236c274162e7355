// The name that somebody most likely meant: for "did you mean".

/** Parts of the longer name that may differ. */
const DIFFERS_MAX = 0.4;
/** What is longer was not mistyped. */
const CHARS_MAX = 64;

/** The candidate nearest to `name`, if any is near; letters count as the same in either case, separators not at all. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > CHARS_MAX) return undefined;
  const wanted = plain(name);
  let best: { candidate: string; differs: number } | undefined;
  for (const candidate of candidates) {
    const other = plain(candidate);
    const differs = distance(wanted, other) / Math.max(wanted.length, other.length, 1);
    if (differs <= DIFFERS_MAX && differs < (best?.differs ?? 1)) best = { candidate, differs };
  }
  return best?.candidate;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_ ]/g, '');
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    before = last;
    last = row;
  }
  return last[b.length]!;
}
