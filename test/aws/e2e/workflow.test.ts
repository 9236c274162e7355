// The specification's "Complete Workflow" against the deployed stack: bash, curl and jq, as a user would.

import { expect, test } from '@jest/globals';
import { createShell } from '../../e2e/shell.ts';
import { CREATE_AND_RESTORE, DELETE_FULL, DELETE_INCREMENTAL } from '../../e2e/specification-workflow.ts';
import { describeDeployed } from './deployed.ts';

const ALICE = { id: 1, name: 'Alice' };
const BOB = { id: 2, name: 'Bob' };

describeDeployed('the complete workflow', ({ apiUrl, client }) => {
  const here = (script: string) => script.replaceAll('http://localhost:3004', apiUrl);

  test('runs as it is written', async () => {
    const shell = createShell();
    const out = await shell.run(
      here(`set -e\n${CREATE_AND_RESTORE}\necho; echo "ids $BACKUP_ID $INCR_BACKUP_ID"`),
    );
    const [, full = '', incremental = ''] = /^ids (\S+) (\S+)$/m.exec(out) ?? [];
    expect(full).toMatch(/^backup-/);

    const values = jsonValuesIn(out);
    expect(values).toContainEqual({ users: [ALICE] });
    // By id, and by the instant.
    expect(values.filter((value) => equal(value, { users: [ALICE, BOB] }))).toHaveLength(2);
    expect(out).toContain(`"baseBackupId":"${full}"`);

    const listed = (await client.list()).filter(({ resourceId }) => resourceId === 'test-db');
    expect(listed.map(({ id }) => id)).toEqual([incremental, full]);
    const targets = (await client.operations()).map(({ targetResourceId, status }) => [
      targetResourceId,
      status,
    ]);
    for (const target of ['test-db-restored', 'test-db-restored-2', 'test-db-pit']) {
      expect(targets).toContainEqual([target, 'completed']);
    }

    // The full goes first; what was built on it still restores.
    expect(await shell.run(here(`BACKUP_ID=${full}\n${DELETE_FULL}`))).toContain('"status":"deleted"');
    expect((await client.send('GET', `/backups/${full}`)).status).toBe(404);
    expect((await client.restore(incremental)).json()).toMatchObject({ data: { users: [ALICE, BOB] } });
    expect(await shell.run(here(`INCR_BACKUP_ID=${incremental}\n${DELETE_INCREMENTAL}`))).toContain(
      incremental,
    );
    expect((await client.restore(incremental)).status).toBe(404);
  });
});

function equal(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What jq has printed: objects over several lines, perhaps right behind an answer that ends without a line break. */
function jsonValuesIn(out: string): unknown[] {
  return [...out.matchAll(/\{\n[\s\S]*?^\}/gm)].map(([text]) => JSON.parse(text));
}
