// What may be said of the rows of any state: members that they have, have not, have twice, or share.

import fc from 'fast-check';

const members = fc.uniqueArray(
  fc.constantFrom('id', 'name', 'a', 'b', '', 'x', '__proto__', 'é', '\\', 'key', '_id', 'k1'),
  { minLength: 1, maxLength: 3 },
);

const pointer = fc
  .array(fc.constantFrom('*', '*', '*', 'a', 'tables', 'users', 'orders', '0'), { maxLength: 4 })
  .map((steps) => steps.map((step) => `/${step}`).join(''));

export const hostileIdentity = fc
  .array(fc.tuple(pointer, members), { minLength: 1, maxLength: 6 })
  .map((entries) => Object.fromEntries(entries));
