// A rebuild in parts: what belongs together comes together, and all of it together is what it is in one piece.

import { describe, expect, test } from '@jest/globals';
import type { AuditEvent } from '../../../lib/core/records/model.ts';
import type { TrailChange } from '../../../lib/ports/trail-lines.ts';
import { ofResource, resourceOfLine, togetherBy } from '../../../lib/service/recovery/parts.ts';

const event = (resourceId: string): AuditEvent => ({
  ...{ id: `event of ${resourceId}`, at: 1, action: 'backup.removed', actor: 'x' },
  resourceId,
});

describe('parts', () => {
  test('what is removed by name alone goes with the resource of its commit, or to all', () => {
    const removed: TrailChange = { kind: 'backup.remove', id: 'backup-1', expect: 1 };
    const swept: TrailChange = { kind: 'garbage.remove', blobId: 'ab' };
    const line: TrailChange[] = [removed, swept, { kind: 'event.append', event: event('r') }];
    expect(resourceOfLine(line)).toBe('r');
    expect([removed, swept].map((one) => togetherBy(one, resourceOfLine(line)))).toEqual([
      ofResource('r'),
      ofResource('r'),
    ]);
    expect(togetherBy(removed, resourceOfLine([{ kind: 'event.append', event: event('') }]))).toBeUndefined();
  });

  test('no resource, operation, answer or document can pass for another kind of thing', () => {
    const names = [
      togetherBy({ kind: 'policy.remove', resourceId: 'x', expect: 1 }, ''),
      togetherBy({ kind: 'event.append', event: { ...event(''), id: 'x' } }, ''),
      togetherBy({ kind: 'document.remove', collection: 'source', id: 'x', expect: 1 }, ''),
      togetherBy({ kind: 'counter.raise', of: 'backup', value: 1 }, 'x'),
    ];
    expect(new Set(names).size).toBe(names.length);
  });
});
