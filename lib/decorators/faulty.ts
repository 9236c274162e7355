// Makes a port fail when a test says so: before a call (nothing happened), after it (it happened, the answer got lost), or
// with other bytes than were stored.

import type { BlobStore } from '../ports/blob-store.ts';
import { around, type PortCall } from './around.ts';

export interface FaultyCall extends PortCall {
  /** Counts all calls on this port, from 0. */
  index: number;
  /** Counts the calls of this method, from 0. */
  nth: number;
}

/** Hooks around each call; what they throw is what the caller sees. */
export interface FaultPlan {
  /** A throw here keeps the call from the port. */
  before?(call: FaultyCall): void | Promise<void>;
  /** A throw here hides that the call has succeeded. Not reached when the call failed. */
  after?(call: FaultyCall): void | Promise<void>;
}

export interface BlobFaultPlan extends FaultPlan {
  /** What `get` gives instead of the stored bytes; gets a copy. */
  mutate?(bytes: Uint8Array, call: FaultyCall): Uint8Array | Promise<Uint8Array>;
}

/** A port all of whose methods are asynchronous, with a plan of faults. */
export function faulty<Port extends object>(
  port: Port,
  plan: FaultPlan,
  replace: (call: FaultyCall, result: unknown) => unknown = (_call, result) => result,
): Port {
  let index = 0;
  const counts = new Map<string, number>();
  return around(port, async ({ method, args }, run) => {
    const nth = counts.get(method) ?? 0;
    counts.set(method, nth + 1);
    const call: FaultyCall = { method, args, index, nth };
    index += 1;
    await plan.before?.(call);
    const result = await replace(call, await run());
    await plan.after?.(call);
    return result;
  });
}

/** As `faulty`; with `mutate`, readers get changed bytes. */
export function faultyBlobStore(store: BlobStore, plan: BlobFaultPlan): BlobStore {
  const { mutate } = plan;
  if (mutate === undefined) return faulty(store, plan);
  return faulty(store, plan, async (call, result) => {
    if (call.method !== 'get') return result;
    const chunks = await Array.fromAsync(result as AsyncIterable<Uint8Array>);
    return oneChunk(await mutate(new Uint8Array(Buffer.concat(chunks)), call));
  });
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
