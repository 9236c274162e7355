// A line is always one line of JSON, whatever is thrown at it.

import { expect, test } from '@jest/globals';
import { createLogger } from '../../lib/log.ts';

function lineOf(message: string, fields?: Record<string, unknown>) {
  const lines: string[] = [];
  createLogger(
    (line) => lines.push(line),
    () => 0,
  ).error(message, fields);
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toContain('\n');
  return JSON.parse(lines[0]!) as Record<string, unknown>;
}

test('time, level and message come first, and no field replaces them', () => {
  const line = lineOf('what\nhappened', { level: 'info', time: 'never', message: 'x', size: 7n });
  expect(Object.entries(line)).toEqual([
    ['time', '1970-01-01T00:00:00.000Z'],
    ['level', 'error'],
    ['message', 'what\nhappened'],
    ['size', '7'],
  ]);
});

test('errors are written with their causes', () => {
  const cause = Object.assign(new Error('disk'), { code: 'EIO' });
  const line = lineOf('failed', { error: new TypeError('bug', { cause }) });
  expect(line.error).toMatchObject({
    name: 'TypeError',
    message: 'bug',
    cause: { message: 'disk', code: 'EIO' },
  });
});

test('what cannot be written does not stop the line, nor the caller', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const error = new Error('round');
  error.cause = error;
  for (const field of [circle, error]) {
    expect(lineOf('failed', { field })).toMatchObject({ message: 'failed', fields: 'could not be written' });
  }
});
