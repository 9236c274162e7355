// Channels with what each was told: asked for together, for the list of them and for the overview.

import type { Answer } from '../../lib/client/contract.ts';
import { type Standing, standingOf, WEIGHT } from './channels.ts';
import { client } from './session.ts';

export interface Told {
  channel: Answer<'Channel'>;
  standing: Standing;
  newest: Answer<'Delivery'>[];
  waiting: number;
  failed: number;
}

/** A channel with what it was told last, what waits and what was given up. */
export async function toldOf(channel: Answer<'Channel'>, signal: AbortSignal): Promise<Told> {
  const of = (query: { limit: number; state?: 'pending' | 'failed' }) =>
    client.call('listDeliveries', { params: { channelId: channel.id }, query }, { signal });
  const [all, pending, ended] = await Promise.all([
    of({ limit: 10 }),
    of({ limit: 100, state: 'pending' }),
    of({ limit: 100, state: 'failed' }),
  ]);
  const [newest, waiting, failed] = [all.deliveries, pending.deliveries, ended.deliveries];
  const standing = standingOf(channel, { newest, waiting, failed });
  return { channel, standing, newest, waiting: waiting.length, failed: failed.length };
}

/** All channels, those that fail first. */
export async function channelsTold(signal: AbortSignal): Promise<Told[]> {
  const { channels } = await client.call('listChannels', {}, { signal });
  const all = await Promise.all(channels.map((channel) => toldOf(channel, signal)));
  return all.sort((a, b) => WEIGHT.indexOf(a.standing.state) - WEIGHT.indexOf(b.standing.state));
}
