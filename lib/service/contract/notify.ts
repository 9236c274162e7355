// What callers say of channels, and are shown of them and of what they were told.

import type { Channel } from '../../core/records/channel.ts';
import type { Delivery, DeliveryState } from '../../core/records/delivery.ts';

export type ChannelInput = Pick<Channel, 'target' | 'events' | 'resources'>;

export interface ChannelView extends Channel {
  id: string;
}

export interface DeliveryView extends Delivery {
  id: string;
  /** When it is tried next; absent where it waits behind another, or has ended. */
  dueAt?: number;
}

/** Which deliveries of a channel: all, if nothing more is given. */
export interface DeliveryQuery {
  channelId: string;
  state?: DeliveryState;
  eventId?: string;
}
