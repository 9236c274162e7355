// Alarms hang on codes: whatever a message says, in whatever words, the figure is given.

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createEmfMeter } from '../../../lib/aws/messages/emf.ts';
import { DIMENSIONS, FIGURES } from '../../../lib/aws/names/figures.ts';
import { ServiceError } from '../../../lib/core/records/errors.ts';
import { metered } from '../../../lib/decorators/metered.ts';
import { createLogger } from '../../../lib/log.ts';
import { createManualClock } from '../../../lib/memory/clock.ts';
import { PortError } from '../../../lib/ports/errors.ts';
import { countingErrors, countingKeyErrors } from '../../../lib/service/kit/counted-errors.ts';

function createScene() {
  const counted: string[] = [];
  const meter = { count: (name: string) => void counted.push(name), time: () => {}, size: () => {} };
  const log = countingErrors(
    createLogger(() => {}),
    meter,
  );
  return { counted, meter, log };
}

const message = fc.string();

test.each<[string, (words: string) => Record<string, unknown>, string]>([
  ['a code of its own', () => ({ code: 'broken_chain' }), 'integrity_error'],
  [
    'an error of a use case',
    (words) => ({ error: new ServiceError('integrity_error', words) }),
    'integrity_error',
  ],
  ['an error of a port', (words) => ({ error: new PortError('integrity', words) }), 'integrity_error'],
  ['a refusal', (words) => ({ error: new PortError('denied', words) }), 'key_error'],
  [
    'a cause',
    (words) => ({
      error: new ServiceError('dependency_unavailable', words, {
        cause: new PortError('unavailable', words),
      }),
    }),
    'dependency_error',
  ],
])('%s is counted, whatever is said', (_what, fieldsOf, kind) => {
  fc.assert(
    fc.property(message, message, fc.constantFrom('info', 'warn', 'error'), (words, others, level) => {
      const { counted, log } = createScene();
      log[level as 'info'](words, fieldsOf(others));
      expect(counted).toEqual([kind]);
    }),
  );
});

test('of what nothing is wrong with nothing is counted, and causes in a circle end', () => {
  const { counted, log } = createScene();
  log.error('integrity_error broken_chain denied unavailable data key KMS', {
    code: 'backup_not_found',
    error: 'denied',
  });
  log.error('x', { code: 'constructor' });
  const circle: { cause?: unknown } = {};
  circle.cause = circle;
  log.error('x', { error: circle });
  expect(counted).toEqual([]);
});

test.each(['denied', 'not_found', 'integrity'] as const)(
  'keys that fail with %s are counted as keys',
  async (code) => {
    const { counted, meter } = createScene();
    const port = {
      async open() {
        throw new PortError(code, 'in any words');
      },
    };
    const keyring = metered(port, 'keyring', { meter: countingKeyErrors(meter), clock: createManualClock() });
    await expect(keyring.open()).rejects.toThrow();
    expect(counted).toEqual(['key_error']);
  },
);

test('figures are lines that CloudWatch makes metrics of', () => {
  const lines: string[] = [];
  const meter = createEmfMeter((line) => lines.push(line), 'BackupRestore/test', { now: () => 1234 });
  meter.count('upkeep_run', { task: 'sweep', outcome: 'done' });
  meter.count('integrity_error');
  meter.count('port_failure', { port: 'blobs' });
  meter.time('upkeep', 5);
  meter.time('retention_overdue', 7);
  const [run, error, overdue] = lines.map((line) => JSON.parse(line));
  expect(lines).toHaveLength(3);
  expect(run).toEqual({
    _aws: {
      Timestamp: 1234,
      CloudWatchMetrics: [
        {
          Namespace: 'BackupRestore/test',
          Dimensions: [[DIMENSIONS.task, DIMENSIONS.outcome]],
          Metrics: [{ Name: FIGURES.upkeepRuns, Unit: 'Count' }],
        },
      ],
    },
    Task: 'sweep',
    Outcome: 'done',
    UpkeepRuns: 1,
  });
  expect(error).toMatchObject({ _aws: { CloudWatchMetrics: [{ Dimensions: [[]] }] }, IntegrityErrors: 1 });
  expect(overdue).toMatchObject({
    _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: FIGURES.retentionOverdue, Unit: 'Milliseconds' }] }] },
    RetentionOverdue: 7,
  });
});
