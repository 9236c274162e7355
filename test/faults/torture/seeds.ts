// Seeds that have found something, and what: each is run again before all others. A seed is of this set of steps and accidents:
// whoever adds one looks for seeds anew, with the mended place broken again.

export const FOUND: readonly (readonly [seed: number, what: string])[] = [
  [6, 'catalog and trail put back by one backup: its id was given again'],
  [18, 'a backup made while the clock was behind expired when it was set right'],
  [22, 'the same, after a kill meanwhile'],
  [36, 'a damaged row of the catalog withheld every restore'],
  [274, 'a bit flipped in trail/store: the rebuild took the whole trail for another store’s'],
];
