// A history that all of the console's tests know: a shop, two weeks of it, and the night in which an import went wrong.

import { createClient } from '../../lib/client/client.ts';

const HOUR_MS = 3_600_000;

/** Of the service's clock: fixed beforehand, so that pictures of two days look alike but for their dates. */
export interface Story {
  url: string;
  token?: string;
  /** Epoch milliseconds of the last backup of the shop. */
  now: number;
}

interface Order {
  id: number;
  customer: number;
  total: string;
}

const NAMES = [
  'Jonas Weber',
  'Léa Fontaine',
  'Zoë Krüger',
  'Ana Silva',
  'Mads Holm',
  'Priya Nair',
  'Tom Okafor',
  '李 娜',
];

/** Text, and not objects: numbers are to arrive as they are written here. */
function shopText(
  orders: readonly Order[],
  emailOf: (id: number) => string,
  prices: ReadonlyMap<number, string>,
): string {
  const users = Array.from({ length: 120 }, (_, i) => {
    const id = i + 1;
    const name = JSON.stringify(NAMES[i % NAMES.length]);
    return `{"id":${id},"email":${JSON.stringify(emailOf(id))},"name":${name},"balance":12345678901234567890.${String(id).padStart(3, '0')},"created_at":"2023-04-11T08:14:07.123456+02:00","password_hash":"$2b$12$${'abcdefgh'.repeat(3)}${id}","addresses":[{"city":"Zürich"},{"city":"K\\u00f6ln"}],"marketing_consent":${id % 3 === 0}}`;
  });
  const products = Array.from(
    { length: 60 },
    (_, i) =>
      `{"sku":"MUG-${i}","id":${i + 1},"title":"Enamel mug, 0.${i} l 🌲","price":"${prices.get(i + 1) ?? '19.90'}","rate":1e2}`,
  );
  const rows = orders.map(
    ({ id, customer, total }) =>
      `{"id":${id},"customer_id":${customer},"total":${total},"api_token":"tok-${id}"}`,
  );
  return `{"format":"postgresql/1","tables":{"orders":[${rows.join(',')}],"products":[${products.join(',')}],"users":[${users.join(',')}]},"sequences":{"orders_id_seq":${orders.length}}}`;
}

/** What has happened, told to an empty service by its own client. */
export async function tell({ url, token, now }: Story): Promise<void> {
  const client = createClient({ url, ...(token === undefined ? {} : { token }) });
  const orders: Order[] = Array.from({ length: 200 }, (_, i) => ({
    id: 90_000 + i,
    customer: (i % 120) + 1,
    total: `${84 + (i % 50)}.30000000000000000001`,
  }));
  const emails = new Map<number, string>();
  const prices = new Map<number, string>();
  const emailOf = (id: number): string => emails.get(id) ?? `user.${id}@example.org`;
  const steps = 60;
  for (let n = 0; n < steps; n++) {
    const at = now - (steps - n) * 5 * HOUR_MS;
    for (let k = 0; k < 3 + (n % 7); k++)
      orders.push({ id: 91_000 + n * 10 + k, customer: ((n + k) % 120) + 1, total: `${n}.5` });
    if (n === 20) emails.set(42, 'jonas.weber@example.com');
    if (n === 45) emails.set(42, 'jonas.weber@example.org');
    if (n % 9 === 0) prices.set((n % 60) + 1, `${10 + n}.00`);
    await client.create('shop', shopText(orders, emailOf, prices), {
      type: n % 24 === 0 ? 'full' : 'incremental',
      resourceType: 'postgresql',
      metadata: { tags: { job: 'nightly' }, retentionDays: 90 },
      asOf: new Date(at).toISOString(),
    });
  }
  await client.call('putSettings', {
    params: { resourceId: 'shop' },
    body: { shrink: { share: 0.1, action: 'warn' }, expectEverySeconds: 6 * 3600 },
  });
  // The import: half of the orders go, and addresses are written in capitals.
  for (let id = 30; id < 64; id++) emails.set(id, emailOf(id).toUpperCase());
  orders.splice(0, 150);
  prices.set(5, '18.50');
  await client.create('shop', shopText(orders, emailOf, prices), {
    type: 'incremental',
    resourceType: 'postgresql',
    metadata: { tags: { job: 'newsletter-import' } },
  });

  await client.create(
    'flags/storefront',
    '{"checkout":{"newFlow":true,"timeoutSeconds":30},"beta":["a","b"],"rates":{"eur":1.10}}',
    { resourceType: 'file' },
  );
  await client.create(
    'flags/storefront',
    '{"checkout":{"newFlow":false,"timeoutSeconds":45},"beta":["a","b","c"],"rates":{"eur":1.10}}',
    { resourceType: 'file', type: 'incremental' },
  );
  await client.create(
    'terraform/prod/dns',
    '{"version":4,"resources":[{"type":"dns","name":"www","attributes":{"private_key":"-----BEGIN","ttl":300}}]}',
    { resourceType: 'terraform' },
  );
  const held = await client.create('receipts 🧾/2026', '{"receipts":[]}', { resourceType: 'file' });
  await client.protect(held.id, { legalHold: true });
  const gone = await client.create('settings/pricing-rules', '{"vat":"19"}', { resourceType: 'http' });
  await client.create('settings/pricing-rules', '{"vat":"20"}', {
    resourceType: 'http',
    type: 'incremental',
  });
  await client.remove(gone.id).catch(() => undefined);
  const long =
    'tenants/0b69bddb-4c2e-4a8f-9d3e-5f6a7b8c9d0e/regions/eu-central-1/services/checkout-orchestrator/config/effective';
  await client.create(long, '{"a":1}', { resourceType: 'file' });
  await client.call('putPolicy', {
    params: { resourceId: 'shop' },
    body: { keepLast: 20, keepDaily: 14, keepWeekly: 8 },
  });
  await client.restore((await client.tree('shop', { at: '-1', limit: 1 })).state.backupId, 'shop-copy');
}
