// Seeds that have found something, and what: each is run again before all others.

export const FOUND: readonly (readonly [seed: number, what: string])[] = [];
