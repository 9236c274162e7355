// What runs by itself on the service of the tests: who is told, one that takes it and one that does not.

import { createClient } from '../../lib/client/client.ts';
import { eventually } from '../e2e/server.ts';
import type { Receiver } from './receiver.ts';

/** What the service has to be started with. */
export const SETTINGS = {
  OPS_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  BACKUP_NOTIFY_BACKOFF_SECONDS: '600',
};

export async function tellByItself(url: string, receiver: Receiver): Promise<void> {
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
