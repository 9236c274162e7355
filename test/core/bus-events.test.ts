import { describe, expect, test } from '@jest/globals';
import { busChoice } from '../../lib/core/bus-events.ts';
import { AUDIT_ACTIONS } from '../../lib/core/records/audit-actions.ts';

const chosen = (...words: string[]) => AUDIT_ACTIONS.filter(busChoice(words));

test('all, none, actions by name and by their beginning, and what is left out of them', () => {
  expect(chosen('all')).toEqual(AUDIT_ACTIONS);
  expect(chosen('none')).toEqual([]);
  expect(chosen('backup.failed', 'drill.*')).toEqual(['backup.failed', 'drill.passed', 'drill.failed']);
  expect(chosen('drill.*', '-drill.passed')).toEqual(['drill.failed']);
  expect(chosen('all', '-backup.created')).toEqual(
    AUDIT_ACTIONS.filter((action) => action !== 'backup.created'),
  );
});

test('what a later version has written goes with all, and with nothing else', () => {
  expect(busChoice(['all', '-backup.created'])('backup.something')).toBe(true);
  expect(busChoice(['backup.*'])('backup.something')).toBe(false);
  expect(busChoice(['none'])('backup.something')).toBe(false);
});

describe('refuses', () => {
  test.each([
    [['backup.create'], 'there is no action "backup.create" (did you mean backup.created?)'],
    [['backups.*'], 'there is no action "backups.*"'],
    [['*'], 'there is no action "*"'],
    [['backup*'], 'there is no action "backup*"'],
    [['all', '-backup.create'], 'there is no action "backup.create"'],
    [['-backup.created'], 'left out of something'],
    [['all', 'backup.failed'], 'all has everything else in it'],
    [['none', 'backup.failed'], 'none stands alone'],
    [['none', '-backup.failed'], 'none stands alone'],
    [['drill.*', '-run.failed'], '-run.failed leaves out what is not in it'],
    [['drill.*', '-drill.*'], 'that is none'],
    [['all', '-none'], 'there is no action "none"'],
    [[], 'nothing is said'],
  ])('%j', (words, sentence) => {
    expect(() => busChoice(words)).toThrow(sentence);
  });
});
