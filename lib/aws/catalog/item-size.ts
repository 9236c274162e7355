// What an item weighs, as DynamoDB measures it.

import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './item.ts';

/** What one write unit takes. */
export const UNIT_BYTES = 1024;

export function sizeOfItem(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value),
    0,
  );
}

function bytesOf({ S, N, B }: AttributeValue): number {
  // Two digits a byte, and one for sign and exponent.
  if (N !== undefined) return Math.ceil(N.length / 2) + 1;
  return S !== undefined ? Buffer.byteLength(S) : (B?.length ?? 1);
}
