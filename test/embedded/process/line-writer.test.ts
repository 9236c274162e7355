// The log when it cannot be written: lines are lost, never the service, and how many is said once it can be again.

import { expect, test } from '@jest/globals';
import { createLineWriter } from '../../../lib/embedded/process/line-writer.ts';

function fault(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Outputs of which the first fails as it is told. */
function outputs() {
  const written: Record<number, string> = { 1: '', 2: '' };
  const state: { failure?: string; bytesEach: number } = { bytesEach: Number.POSITIVE_INFINITY };
  const write = createLineWriter((fd, bytes) => {
    if (fd === 1 && state.failure !== undefined) throw fault(state.failure);
    const part = bytes.subarray(0, state.bytesEach);
    written[fd] += Buffer.from(part).toString();
    return part.length;
  });
  return { write, written, state };
}

test.each(['EPIPE', 'ENOSPC', 'EIO', 'EBADF'])('%s: counts what is lost, and says so when it can', (code) => {
  const { write, written, state } = outputs();
  write('first');
  state.failure = code;
  for (let n = 0; n < 3; n++) write(`lost ${n}`);
  delete state.failure;
  write('last');
  write('and on');
  const lines = written[1]!.trimEnd().split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[0]).toBe('first');
  expect(JSON.parse(lines[1]!)).toMatchObject({
    level: 'warn',
    message: 'lines of the log were lost',
    lost: 3,
  });
  expect(lines.slice(2)).toEqual(['last', 'and on']);
  expect(written[2]).toBe(`the log cannot be written (${code}); the service goes on without it\n`);
});

test('a line that goes out in pieces is whole', () => {
  const { write, written, state } = outputs();
  state.bytesEach = 7;
  write('with é, and more');
  expect(written[1]).toBe('with é, and more\n');
});

test('a reader that is slow for a moment is waited for, one that never reads is not', () => {
  let full = 3;
  let text = '';
  const write = createLineWriter((fd, bytes) => {
    if (full-- > 0) throw fault('EAGAIN');
    if (fd === 1) text += Buffer.from(bytes).toString();
    return bytes.length;
  });
  write('a');
  expect(text).toBe('a\n');
  full = 1000;
  write('b');
  expect(text).toBe('a\n');
});
