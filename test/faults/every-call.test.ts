// Each use case is run once for every call that it makes on a port, and that call fails: before it does anything, or
// after, so that only the answer is lost.

import { describe, expect, test } from '@jest/globals';
import { createFaultyWorld, type Fault, type PortCall } from './faulty-world.ts';
import { expectCleanable, expectIntact, Ledger } from './invariants.ts';
import { SCENARIOS } from './scenarios.ts';
import { BY_ITSELF } from './scenarios-by-itself.ts';
import type { Scenario, Scene } from './scene.ts';

async function begin({ setUp }: Scenario): Promise<Scene> {
  const scene: Scene = { world: createFaultyWorld(), ledger: new Ledger() };
  await setUp(scene);
  return scene;
}

async function callsOf(scenario: Scenario): Promise<PortCall[]> {
  const scene = await begin(scenario);
  const { calls, error, logged } = await scene.world.watch(() => scenario.act(scene));
  expect([error, ...logged]).toEqual([undefined]);
  await expectIntact(scene.world, scene.ledger);
  await scenario.settled(scene);
  await expectCleanable(scene.world);
  return calls;
}

async function expectSurvived(scenario: Scenario, fault: Fault): Promise<void> {
  const scene = await begin(scenario);
  const { world, ledger } = scene;
  const { struck, error, logged, warned } = await world.watch(() => scenario.act(scene), fault);
  expect(struck).toBe(true);
  // Nothing fails in silence: the caller is told, or, where nobody waits, the operator.
  if (error === undefined) expect([...logged, ...warned]).not.toEqual([]);
  else expect(error).toMatchObject({ code: 'unavailable' });
  await expectIntact(world, ledger);

  const second = await world.watch(() => (scenario.again ?? scenario.act).call(scenario, scene));
  expect(second.error).toBeUndefined();
  await scenario.settled(scene);
  await expectIntact(world, ledger);
  await expectCleanable(world);
}

describe.each([...SCENARIOS, ...BY_ITSELF].map((scenario) => [scenario.name, scenario] as const))(
  '%s',
  (_name, scenario) => {
    test('survives a fault in each of its calls', async () => {
      const calls = (await callsOf(scenario)).filter((call) => scenario.only?.(call) ?? true);
      expect(calls.length).toBeGreaterThan(0);
      for (const call of calls) {
        for (const when of ['before', 'after'] as const) {
          try {
            await expectSurvived(scenario, { ...call, when });
          } catch (error) {
            const where = `${when} call ${call.index} on ${call.port} (${call.method})`;
            if (error instanceof Error) error.message = `A fault ${where}: ${error.message}`;
            throw error;
          }
        }
      }
    }, 120_000);
  },
);
