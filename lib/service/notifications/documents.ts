// Where channels and deliveries are kept: what the ids of their documents are made of.

import { createHash } from 'node:crypto';
import type { Channel } from '../../core/records/channel.ts';
import type { Delivery } from '../../core/records/delivery.ts';
import type { DocumentRecord } from '../../core/records/document.ts';
import type { Change } from '../../ports/change.ts';

export type ChannelRecord = DocumentRecord<Channel>;
export type DeliveryRecord = DocumentRecord<Delivery>;

/** Of a channel: how many deliveries it was given, and the events of the last of them: those that come again are known by it. */
export interface Counter {
  given: number;
  /** Those that stand in no page yet. */
  recent: string[];
  /** How many pages there have been; one of before has all in `recent`. */
  pages?: number;
  /** The latest time of all events that it was given. */
  latestAt?: number;
}

/** Events that a channel was given before those. */
export interface KnownPage {
  ids: string[];
}

/** Of a channel and a resource: the last delivery, behind which the next one waits. */
export interface Lane {
  tail: string;
}

const DIGITS = 12;

/** In the order in which they were given. */
export function deliveryId(channelId: string, n: number): string {
  return `${deliveryPrefix(channelId)}${String(n).padStart(DIGITS, '0')}`;
}

export function deliveryPrefix(channelId: string): string {
  return `${channelId}/d/`;
}

export function counterId(channelId: string): string {
  return `${channelId}/given`;
}

export function knownPageId(channelId: string, slot: number): string {
  return `${channelId}/known/${slot}`;
}

/** Ids of resources are longer than those of documents may be. */
export function laneId(channelId: string, resourceId: string): string {
  return `${channelId}/lane/${hashOf(resourceId)}`;
}

/** What is known to be so of a resource until it is not; no channel is called like that. */
export function conditionId(kind: string, resourceId: string): string {
  return `${conditionPrefix(kind)}${hashOf(resourceId)}`;
}

export function conditionPrefix(kind: string): string {
  return `~${kind}/`;
}

function hashOf(resourceId: string): string {
  return createHash('sha256').update(resourceId).digest('hex').slice(0, 32);
}

/** The change that puts what a document is to be in place of what it was; `before` undefined for a new one. */
export function put(
  record: Omit<DocumentRecord, 'version'>,
  before: Pick<DocumentRecord, 'version'> | undefined,
): Change {
  const expect = before?.version ?? 0;
  return { kind: 'document.put', record: { ...record, version: expect + 1 }, expect };
}
