import { expect, test } from '@jest/globals';
import { around } from '../../lib/decorators/around.ts';
import { counting, createCallCounts } from '../../lib/decorators/counting.ts';
import { createMemoryBlobStore } from '../../lib/memory/blob-store.ts';
import { createManualClock } from '../../lib/memory/clock.ts';
import { createMemoryTokens } from '../../lib/memory/tokens.ts';
import { createMemoryTransferStore } from '../../lib/memory/transfers.ts';
import type { BlobStore } from '../../lib/ports/blob-store.ts';
import type { TokenRegistry } from '../../lib/ports/tokens.ts';
import { hexId } from '../contract/samples.ts';

test('counts calls by method, with their arguments, also those that fail', async () => {
  const calls = createCallCounts<BlobStore>();
  const store = counting(createMemoryBlobStore(), calls);
  const [one, other] = [hexId(), hexId()];
  await store.put(one, [Buffer.from('x')]);
  await store.get(one);
  await expect(store.get(other)).rejects.toMatchObject({ code: 'not_found' });
  expect([calls.of(), calls.of('get'), calls.of('get', 'put'), calls.of('delete')]).toEqual([3, 2, 3, 0]);
  expect(calls.argsOf('get')).toEqual([[one], [other]]);
  calls.reset();
  expect([calls.of(), calls.argsOf('get')]).toEqual([0, []]);
});

test('what answers at once still does', () => {
  const calls = createCallCounts<TokenRegistry>();
  const tokens = counting(createMemoryTokens(createManualClock()), calls);
  expect(tokens.isAsked()).toBe(false);
  expect(calls.of('isAsked')).toBe(1);
});

test('parts of a port and methods of a class are wrapped, what is no method is as it stands', async () => {
  const methods: string[] = [];
  const heard = <Port extends object>(port: Port) =>
    around(port, ({ method }, run) => {
      methods.push(method);
      return run();
    });
  await heard(createMemoryTransferStore()).results.write('restore-1', [Buffer.from('1')]);
  class Counter {
    #count = 0;
    step = 1;
    add() {
      this.#count += this.step;
      return this.#count;
    }
  }
  const plain = new Counter();
  const counter = heard(plain);
  plain.step = 2;
  expect([counter.add(), counter.step]).toEqual([2, 2]);
  const { add } = { ...counter } as Counter;
  expect(add()).toBe(4);
  expect(methods).toEqual(['results.write', 'add', 'add']);
});

test('a method that is exchanged behind the decorator is exchanged', async () => {
  const plain = { ask: async () => 1 };
  const wrapped = around(plain, (_call, run) => run());
  plain.ask = async () => 2;
  expect(await wrapped.ask()).toBe(2);
});
