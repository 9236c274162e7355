// Notifications.

import { type NOTIFICATION_ROUTES, viewChannel, viewDelivery } from '../contract/notifications.ts';
import type { HandlersOf } from './call.ts';
import { replyJson, replyPage } from './reply.ts';

export function createNotificationHandlers(): HandlersOf<typeof NOTIFICATION_ROUTES> {
  return {
    async listChannels(_input, { service }) {
      const channels = await service.listChannels();
      return replyJson(200, { channels: channels.map(viewChannel), count: channels.length });
    },

    async putChannel({ params, fields }, { service, caller }) {
      const { channel, isNew } = await service.putChannel(params.channelId, fields, caller);
      return replyJson(isNew ? 201 : 200, viewChannel(channel));
    },

    async removeChannel({ params }, { service, caller }) {
      await service.removeChannel(params.channelId, caller);
      return replyJson(200, { id: params.channelId });
    },

    async testChannel({ params }, { service, caller }) {
      return replyJson(202, await service.testChannel(params.channelId, caller));
    },

    async listDeliveries({ params, query }, { service }) {
      return replyPage('deliveries', await service.listDeliveries({ ...params, ...query }), viewDelivery);
    },

    async replayDeliveries({ params, fields }, { service, caller }) {
      return replyJson(202, await service.replayDeliveries(params.channelId, fields, caller));
    },
  };
}
