// Makes the EventBridge client, for the function that publishes events.

import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { type ClientOptions, common } from './client-options.ts';

export function createEventBridgeClient(options: ClientOptions = {}): EventBridgeClient {
  return new EventBridgeClient(common(options));
}
