// Seeded states to measure on: a database dump of users and orders, as text, and edits of it.

/** A small generator of repeatable random numbers in [0, 1): mulberry32. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES =
  'Ada Alan Barbara Claude Dennis Donald Edsger Frances Grace Hedy James Karen Ken Leslie Niklaus'.split(' ');
export const WORDS =
  'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut'.split(' ');
const STATES = ['new', 'paid', 'packed', 'shipped', 'delivered', 'returned'];

export interface Dump {
  users: string[];
  orders: string[];
}

/** Rows as JSON text, about `bytes` of them all together. */
export function createDump(bytes: number, seed = 1): Dump {
  const random = createRandom(seed);
  const users: string[] = [];
  const orders: string[] = [];
  let written = 0;
  while (written < bytes) {
    const user = userRow(random, users.length + 1);
    const order = orderRow(random, orders.length + 1, users.length + 1);
    users.push(user);
    orders.push(order);
    written += user.length + order.length + 2;
  }
  return { users, orders };
}

export function dumpText({ users, orders }: Dump): Buffer {
  const head =
    '{"version":3,"settings":{"region":"eu-1","features":{"a":true,"b":false}},"tables":{"users":[';
  return Buffer.from(`${head}${users.join(',')}],"orders":[${orders.join(',')}]}}`);
}

/** The dump with a part of its rows changed in one value each. */
export function withChanges({ users, orders }: Dump, part: number, seed = 2): Dump {
  const random = createRandom(seed);
  const change = (row: string): string => {
    if (random() >= part) return row;
    const value = Math.round(random() * 1e6) / 100;
    return row.replace(/"(balance|total)":[\d.]+/, (_match, name: string) => `"${name}":${value}`);
  };
  return { users: users.map(change), orders: orders.map(change) };
}

/** The dump with one new row before all others. */
export function withHeadInsert(dump: Dump): Dump {
  return { ...dump, users: [userRow(createRandom(3), 9_000_001), ...dump.users] };
}

/** The dump with 100 users gone and 100 new ones, at random places. */
export function withInsertsAndDeletes(dump: Dump): Dump {
  const random = createRandom(4);
  const users = [...dump.users];
  for (let i = 0; i < 100; i++) {
    users.splice(Math.floor(random() * users.length), 1);
    users.splice(Math.floor(random() * users.length), 0, userRow(random, 9_000_100 + i));
  }
  return { ...dump, users };
}

/** The dump with all its users in another order. */
export function withShuffle(dump: Dump): Dump {
  const random = createRandom(7);
  const users = [...dump.users];
  for (let i = users.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [users[i], users[j]] = [users[j]!, users[i]!];
  }
  return { ...dump, users };
}

/** The rows of the later dump that are not those of the earlier one, as lines. */
export function changedRows(before: Dump, after: Dump): Buffer {
  const rows = (['users', 'orders'] as const).flatMap((table) =>
    after[table].filter((row, i) => row !== before[table][i]),
  );
  return Buffer.from(rows.join('\n'));
}

/** The dump with a hundredth of its users moved to another place. */
export function withMove(dump: Dump): Dump {
  const users = [...dump.users];
  const block = users.splice(Math.floor(users.length * 0.2), Math.ceil(users.length / 100));
  users.splice(Math.floor(users.length * 0.7), 0, ...block);
  return { ...dump, users };
}

function userRow(random: () => number, id: number): string {
  const name = `${pick(random, NAMES)} ${pick(random, WORDS)}`;
  const email = `${name.replace(' ', '.').toLowerCase()}.${id}@example.com`;
  const active = random() < 0.8;
  const balance = Math.round(random() * 1e6) / 100;
  const address = {
    street: `${Math.floor(random() * 999)} ${pick(random, WORDS)} st`,
    zip: digits(random, 5),
  };
  return JSON.stringify({
    id,
    uid: digits(random, 24),
    email,
    name,
    active,
    balance,
    createdAt: time(random),
    address,
  });
}

function orderRow(random: () => number, id: number, users: number): string {
  const items = Array.from({ length: 1 + Math.floor(random() * 3) }, () => ({
    sku: digits(random, 10),
    qty: 1 + Math.floor(random() * 5),
    price: Math.round(random() * 50_000) / 100,
  }));
  const total = Math.round(random() * 200_000) / 100;
  const note = wordsOf(random, 3 + Math.floor(random() * 8));
  const userId = 1 + Math.floor(random() * users);
  return JSON.stringify({
    id,
    userId,
    status: pick(random, STATES),
    total,
    createdAt: time(random),
    items,
    note,
  });
}

export function wordsOf(random: () => number, count: number): string {
  return Array.from({ length: count }, () => pick(random, WORDS)).join(' ');
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!;
}

function digits(random: () => number, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 2 ** 32).toString(16);
  return text.slice(0, length);
}

function time(random: () => number): string {
  return new Date(1_577_836_800_000 + Math.floor(random() * 1.9e11)).toISOString();
}
