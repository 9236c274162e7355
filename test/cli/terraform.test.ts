// Terraform's states by the command line: the way back, against the service as it runs.

import { expect, test } from '@jest/globals';
import { brs, lines, objects, onTerminal, server, withService } from './brs.ts';

withService();

const state = (serial: number | string, value: string) =>
  `{"version":4,"serial":${serial},"lineage":"one","outputs":{},"resources":[{"type":"x","value":"${value}"}]}`;

/** As the tool sends it. */
async function call(method: string, path: string, body: string): Promise<number> {
  const headers = { 'Content-Type': 'application/json' };
  return (await fetch(`${server.url}/terraform/${path}`, { method, headers, body })).status;
}

test('an older state is put on top: planned, asked about, refused while another holds the lock', async () => {
  for (const [serial, value] of [
    [1, 'a'],
    [2, 'b'],
    ['9007199254740993', 'c'],
  ] as const)
    expect(await call('POST', 'network%2Fprod', state(serial, value))).toBe(200);
  const first = 'backup-1';

  const unsaid = await brs('terraform', 'rollback', 'network/prod');
  expect(unsaid).toMatchObject({ code: 2, err: expect.stringContaining('--to -1') });
  const planned = await brs('terraform', 'rollback', 'network/prod', '--to', first, '--plan');
  expect(planned).toMatchObject({ code: 0, out: '' });
  expect(planned.err).toMatch(
    /^roll network\/prod back to backup-1 of .* old\)\n {2}now {5}backup-3, serial 9007199254740993\n {2}then {4}what has serial 1, .*\n {2}differs ~2\n$/,
  );
  const asked = await brs('terraform', 'rollback', 'network/prod@-2');
  expect(asked).toMatchObject({ code: 9, err: expect.stringContaining('backup-1 on top of network/prod?') });
  expect((await onTerminal('terraform rollback network/prod@-2', 'n\n')).code).toBe(9);

  const lock = { ID: 'lock-1', Who: 'ci@runner', Operation: 'OperationTypeApply' };
  expect(await call('LOCK', 'network%2Fprod', JSON.stringify(lock))).toBe(200);
  const locked = await brs('terraform', 'rollback', 'network/prod', '--to', first, '--yes');
  expect(locked).toMatchObject({ code: 5, out: '' });
  expect(locked.err).toContain('locked by ci@runner');
  expect(locked.err).toContain('for OperationTypeApply (lock-1)');
  expect((await brs('ls', 'network/prod', '--json')).out.trim().split('\n')).toHaveLength(3);
  const back = await brs(
    ...['terraform', 'rollback', 'network/prod', '--to', first],
    ...['--lock-id', 'lock-1', '--retention-days', '90', '--yes', '--json'],
  );
  expect(back.code).toBe(0);
  expect(objects(back)).toMatchObject([
    {
      ...{ type: 'plan', resourceId: 'network/prod', backupId: first, serial: '1' },
      ...{ newest: { backupId: 'backup-3', serial: '9007199254740993' }, lock },
    },
    { id: 'backup-4', metadata: { version: '9007199254740994', retentionDays: 90 } },
  ]);
  expect((await brs('cat', 'network/prod')).out).toBe(state('9007199254740994', 'a'));

  expect(await call('UNLOCK', 'network%2Fprod', JSON.stringify(lock))).toBe(200);
  const again = await brs('terraform', 'rollback', 'network/prod@-2', '--yes');
  expect(lines(again)).toEqual(['backup-5  serial 9007199254740995']);
  expect((await brs('cat', 'network/prod')).out).toBe(state('9007199254740995', 'b'));
  const same = await brs('terraform', 'rollback', 'network/prod', '--to', 'backup-5', '--yes');
  expect(same).toMatchObject({ code: 0, out: '', err: expect.stringContaining('Nothing to do.') });
}, 60_000);

test('what is no state of the tool, or not there, is not rolled back', async () => {
  for (const text of ['{"a":1}', '{"a":2}'])
    expect(
      (
        await fetch(`${server.url}/resources/plain/state`, {
          method: 'PUT',
          headers: { 'Content-Type': 'application/json' },
          body: text,
        })
      ).ok,
    ).toBe(true);
  expect((await brs('terraform', 'rollback', 'plain@-1', '--yes')).code).toBe(4);
  expect((await brs('terraform', 'rollback', 'nobody@-1', '--yes')).code).toBe(4);
});
