import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { canonicalText } from '../../lib/core/json/body.ts';
import { createTextWorkers } from '../../lib/embedded/process/text-workers.ts';
import { inThisThread } from '../../lib/ports/text-work.ts';
import { KERNEL } from '../core/kernels.ts';
import { textWorkSuite } from './text-work.suite.ts';

const PROGRAM = pathToFileURL(resolve('lib/embedded/process/text-worker.ts'));

textWorkSuite('in-thread', () => ({ work: inThisThread(KERNEL) }));
textWorkSuite('threaded', () => {
  const work = createTextWorkers(PROGRAM, KERNEL);
  return { work, close: () => work.close() };
});

const large = () => canonicalText(JSON.stringify(Array.from({ length: 400_000 }, (_, id) => ({ id, v: 0 }))));

test('work in a thread leaves the event loop to others', async () => {
  const threads = createTextWorkers(PROGRAM, KERNEL);
  const [base, target] = [large(), canonicalText(`[${large().checksum.length}]`)];
  await threads.findSpan(base, ['0']);
  let turns = 0;
  const counting = setInterval(() => turns++, 1);
  await threads.findSpan(base, ['399999', 'v']);
  await threads.makeDelta(base, target, true);
  clearInterval(counting);
  expect(turns).toBeGreaterThan(3);
  await threads.close();
});

test('a thread that was expected is there for the first work, and one that broke meanwhile fails none', async () => {
  const threads = createTextWorkers(PROGRAM, KERNEL);
  threads.expect(1);
  threads.expect(1e6);
  expect(await threads.findSpan(large(), ['0', 'v'])).toEqual([13, 14]);
  await threads.close();
  threads.expect(1e6);
  const broken = createTextWorkers(pathToFileURL(resolve('lib/embedded/no-such-program.ts')), KERNEL);
  broken.expect(1e6);
  await new Promise((broke) => setTimeout(broke, 500));
  await expect(broken.findSpan(large(), ['0'])).rejects.toMatchObject({ code: 'unavailable' });
  await broken.close();
});

test('a thread that breaks fails its work as unavailable, and the next piece of work is done by another', async () => {
  const threads = createTextWorkers(PROGRAM, KERNEL);
  const broken = createTextWorkers(pathToFileURL(resolve('lib/embedded/no-such-program.ts')), KERNEL);
  await expect(broken.findSpan(large(), ['0'])).rejects.toMatchObject({ code: 'unavailable' });
  await expect(broken.findSpan(large(), ['0'])).rejects.toMatchObject({ code: 'unavailable' });
  await broken.close();
  const closing = threads.findSpan(large(), ['0']);
  await threads.close();
  await expect(closing).rejects.toMatchObject({ code: 'unavailable' });
  await expect(threads.findSpan(large(), ['0'])).rejects.toMatchObject({ code: 'unavailable' });
});
