// What somebody most likely meant, or nobody knows.

import { expect, test } from '@jest/globals';
import { closest } from '../../lib/core/closest.ts';

const SETTINGS = [
  'PORT',
  'BACKUP_DATA_DIR',
  'BACKUP_GRACE_SECONDS',
  'BACKUP_RETENTION_INTERVAL_SECONDS',
  'BACKUP_API_TOKEN',
];
const MEMBERS = ['resourceId', 'resourceType', 'type', 'metadata', 'encrypt', 'data', 'uploadId'];

test.each([
  ['BACKUP_RETENTION_SECONDS', SETTINGS, 'BACKUP_RETENTION_INTERVAL_SECONDS'],
  ['BACKUP_GRACE_SECOND', SETTINGS, 'BACKUP_GRACE_SECONDS'],
  ['BACKUP_DATADIR', SETTINGS, 'BACKUP_DATA_DIR'],
  ['BACKUP_TOKEN', SETTINGS, 'BACKUP_API_TOKEN'],
  ['BACKUP_WEBHOOK_URL_FOR_ALL', SETTINGS, undefined],
  ['resourceID', MEMBERS, 'resourceId'],
  ['resource_id', MEMBERS, 'resourceId'],
  ['reosurceId', MEMBERS, 'resourceId'],
  ['metdata', MEMBERS, 'metadata'],
  ['uploadID', MEMBERS, 'uploadId'],
  ['compression', MEMBERS, undefined],
  ['x', MEMBERS, undefined],
  ['', MEMBERS, undefined],
  ['e'.repeat(100), MEMBERS, undefined],
])('a name that is not known: %s', (name, candidates, meant) => {
  expect(closest(name, candidates)).toBe(meant);
});
