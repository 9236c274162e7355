// What takes longest begins first, so that no worker waits at the end for another. Jest knows what does only where it has run before: in a
// fresh clone it goes by the sizes of files.

import Sequencer from '@jest/test-sequencer';

/** Seconds on two cores, of what takes more than half a minute and is no larger than others. */
const SECONDS = {
  'test/e2e/slow/notifications': 148,
  'test/aws/e2e/by-itself': 100,
  'test/e2e/slow/process-edges': 82,
  'test/aws/contract/catalog': 76,
  'test/e2e/slow/runbook': 66,
  'test/aws/e2e/background': 40,
  'test/aws/e2e/transfers': 40,
  'test/infra/stack': 30,
};

export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.every(({ duration }) => duration !== undefined)) return sorted;
    const secondsOf = ({ path, duration }) =>
      duration === undefined
        ? (Object.entries(SECONDS).find(([name]) => path.endsWith(`/${name}.test.ts`))?.[1] ?? 0)
        : duration / 1000;
    return sorted.sort((a, b) => secondsOf(b) - secondsOf(a));
  }
}
