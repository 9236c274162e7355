// What runs by itself on the service of the tests: schedules over files, one of which is not there; who is told, and one that does not take it.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '../../lib/client/client.ts';
import { eventually } from '../e2e/server.ts';
import type { Receiver } from './receiver.ts';

/** What the service has to be started with. */
export const SETTINGS = {
  OPS_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  BACKUP_NOTIFY_BACKOFF_SECONDS: '600',
};

export async function tellByItself(url: string, receiver: Receiver, folder: string): Promise<void> {
  await tellSchedules(url, folder);
  await tellChannels(url, receiver);
}

/** One that runs every night, and changes; one whose file is not there; one that is paused. */
async function tellSchedules(url: string, folder: string): Promise<void> {
  const client = createClient({ url });
  const file = join(folder, 'orders.json');
  const rows = (count: number) => Array.from({ length: count }, (_, id) => `{"id":${id},"total":9.90}`);
  const write = (count: number): void =>
    writeFileSync(
      file,
      `{"tables":{"orders":[${rows(count).join(',')}],"customers":[${rows(7).join(',')}]}}`,
    );
  write(400);
  const source = (id: string, path: string) =>
    client.call('putSource', { params: { id }, body: { kind: 'file', path } });
  await source('orders-file', file);
  await source('rates-file', join(folder, 'rates.json'));
  const put = (id: string, sourceId: string, resourceId: string, when: string) =>
    client.call('putSchedule', {
      params: { id },
      body: { sourceId, resourceId, resourceType: 'file', when, zone: 'Europe/Berlin', drillEvery: 7 },
    });
  await put('orders-nightly', 'orders-file', 'orders', '30 2 * * *');
  await put('archive', 'orders-file', 'archive/orders', '0 4 * * 1-5');
  await put('rates-often', 'rates-file', 'rates', '*/15 * * * *');
  await client.call('pauseSchedule', { params: { id: 'archive' } });
  const run = async (id: string): Promise<void> => {
    const begun = await client.call('runSchedule', { params: { id } });
    await eventually(60_000, `a run of ${id}`, async () => {
      const { status } = await client.call('getRun', { params: { id: begun.id } });
      return status !== 'queued' && status !== 'running';
    });
  };
  await run('orders-nightly');
  await run('orders-nightly');
  write(412);
  await run('orders-nightly');
  await client.call('runDrill', { params: { id: 'orders-nightly' } });
  await run('rates-often');
}

async function tellChannels(url: string, receiver: Receiver): Promise<void> {
  const client = createClient({ url });
  const put = (channelId: string, path: string, more: object = {}) =>
    client.call('putChannel', {
      params: { channelId },
      body: {
        target: { kind: 'webhook', url: `${receiver.url}${path}`, secrets: ['env:OPS_SECRET'] },
        ...more,
      },
    });
  await put('ops', '/ops');
  await put('pager', '/flaky', { events: ['backup.failed', 'backup.late'], resources: ['shop*'] });
  for (const channelId of ['ops', 'pager']) {
    const { eventId } = await client.call('testChannel', { params: { channelId } });
    await eventually(20_000, `an attempt of ${channelId}`, async () => {
      const { deliveries } = await client.call('listDeliveries', {
        params: { channelId },
        query: { eventId },
      });
      return (deliveries[0]?.attempts.length ?? 0) > 0;
    });
  }
}
