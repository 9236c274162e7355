// Decorators that make a port fail when a test says so: before a call (nothing happened), after it (it happened, the
// answer got lost), or with other bytes than were stored.

import type { BlobStore } from '../ports/blob-store.ts';
import type { Catalog } from '../ports/catalog.ts';
import type { EventSink } from '../ports/event-sink.ts';
import type { Keyring } from '../ports/keyring.ts';
import type { Queue } from '../ports/queue.ts';

export interface FaultyCall {
  method: string;
  args: readonly unknown[];
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

export const faultyCatalog = (catalog: Catalog, plan: FaultPlan): Catalog => faulty(catalog, plan);
export const faultyKeyring = (keyring: Keyring, plan: FaultPlan): Keyring => faulty(keyring, plan);
export const faultyQueue = (queue: Queue, plan: FaultPlan): Queue => faulty(queue, plan);
export const faultyEventSink = (sink: EventSink, plan: FaultPlan): EventSink => faulty(sink, plan);

/** As the other decorators; with `mutate`, readers get changed bytes. */
export function faultyBlobStore(store: BlobStore, plan: BlobFaultPlan): BlobStore {
  const { mutate } = plan;
  if (mutate === undefined) {
    return faulty(store, plan);
  }
  return faulty(store, plan, async (call, result) => {
    if (call.method !== 'get') {
      return result;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of result as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
    }
    return oneChunk(await mutate(new Uint8Array(Buffer.concat(chunks)), call));
  });
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

type Method = (...args: unknown[]) => Promise<unknown>;

/** Every method of a port is asynchronous, so one wrapper fits them all. */
function faulty<Port extends object>(
  port: Port,
  plan: FaultPlan,
  replace: (call: FaultyCall, result: unknown) => unknown = (_call, result) => result,
): Port {
  let calls = 0;
  const wrap = (method: string, run: Method): Method => {
    let callsOfMethod = 0;
    return async (...args) => {
      const call: FaultyCall = { method, args, index: calls, nth: callsOfMethod };
      calls += 1;
      callsOfMethod += 1;
      await plan.before?.(call);
      const result = await replace(call, await run(...args));
      await plan.after?.(call);
      return result;
    };
  };
  const wrapped = Object.entries(port).map(([member, value]) => [
    member,
    typeof value === 'function' ? wrap(member, value as Method) : value,
  ]);
  return Object.fromEntries(wrapped) as Port;
}
