// The service as Terraform's and OpenTofu's `http` backend: the newest state, the lock on it, and the way back.
// https://developer.hashicorp.com/terraform/language/backend/http

import * as z from 'zod/mini';
import type { ErrorCode } from '../../core/records/errors.ts';
import { LIMITS } from '../../core/records/limits.ts';
import { BACKUP } from './backups-examples.ts';
import { once } from './once.ts';
import { ResourcePath } from './requests.ts';
import type { Route } from './route.ts';
import { shapes } from './shapes.ts';
import { contentMd5, name, numberInQuery, retentionDays, shortText, yesOrNo } from './values.ts';

const LOCKED_BY = {
  description: 'The ID of the lock that the writer holds, as the tool adds it to the address',
};

/** Whatever stands in the address comes with every call of the tool. */
const StateQuery = once(() =>
  z.strictObject({
    ID: z.exactOptional(name()).check(z.meta(LOCKED_BY)),
    force: z._default(yesOrNo(), false).check(
      z.meta({
        description: 'Store a state whose serial is not above that of the newest, or of another lineage',
      }),
    ),
    retentionDays: z._default(numberInQuery(0, LIMITS.retentionDaysMax), 30),
  }),
);

const StateHeaders = once(() => z.object({ 'content-md5': z.exactOptional(contentMd5()) }));

/** More than these is passed over: a later release of the tool may say more. */
const LockFields = once(() => {
  const { about } = shapes();
  const said = (what: string) => z.exactOptional(shortText(LIMITS.lockInfoCharsMax)).check(about(what));
  return z.object({
    ID: name().check(about('Drawn by who asks for the lock')),
    Operation: said('What it is wanted for'),
    Info: said('Anything else'),
    Who: said('Who asks, as it calls itself'),
    Version: said('Of the tool'),
    Created: said('When, by the clock of who asks'),
    Path: said('Of the state, if the tool knows one'),
  });
});

const UnlockFields = once(() => z.object({ ID: z.exactOptional(name()) }));

const RollbackFields = once(() =>
  z.strictObject({
    backupId: name(),
    lockId: z.exactOptional(name()).check(z.meta(LOCKED_BY)),
    retentionDays: z._default(retentionDays(), 30),
  }),
);

const STORING: ErrorCode[] = [
  'resource_locked',
  'foreign_lineage',
  'out_of_order',
  'unusual_change',
  'backup_not_found',
  'write_conflict',
  'store_untrusted',
  'integrity_error',
  'broken_chain',
  'too_many_requests',
  'payload_too_large',
];

const LOCK = {
  ID: '4f1a3c0e-5a0e-4d0a-8f5b-2d9d1b7f6a11',
  Operation: 'OperationTypeApply',
  Info: '',
  Who: 'ci@runner-7',
  Version: '1.11.4',
  Created: '2025-01-01T12:00:00.123456789Z',
  Path: '',
};

const KNOWN = 'The token may come as the password of HTTP Basic, under any user name.';

export const TERRAFORM_ROUTES = {
  getTerraformState: {
    method: 'GET',
    path: '/terraform/{resourceId}',
    summary: 'Get the newest state, as Terraform asks for it',
    tag: 'Terraform',
    details: `Its own bytes, as GET of the resource's state gives them. Who may not see the resource is refused: to be told that there is no state would have the tool make everything anew. ${KNOWN}`,
    scope: 'data:read',
    takesBasic: true,
    params: ResourcePath,
    query: StateQuery,
    answers: {
      200: {
        description: 'The state',
        schema: 'State',
        headers: { 'Backup-Id': { description: 'The backup that has this state' } },
      },
    },
    errors: [
      'resource_not_found',
      'payload_too_large',
      'too_many_requests',
      'integrity_error',
      'broken_chain',
    ],
  },
  putTerraformState: {
    method: 'POST',
    path: '/terraform/{resourceId}',
    summary: 'Keep a state, as Terraform sends it',
    tag: 'Terraform',
    details:
      'It becomes an incremental backup of the resource; where the newest backup has this very state, it is only checked. Refused are, as by ' +
      `the tool's own "state push": a state without serial and lineage, one whose serial is not above that of the newest, and one of another lineage; and any while another holds the lock. Nothing is left of what is refused. ${KNOWN}`,
    scope: 'backup:write',
    takesBasic: true,
    params: ResourcePath,
    query: StateQuery,
    headers: StateHeaders,
    wholeState: { description: 'The state', isTextWanted: () => true },
    answers: { 200: { description: 'The backup that has the state', schema: 'BackupOrReceipt' } },
    errors: STORING,
    examples: { answers: { 200: BACKUP } },
  },
  forgetTerraformState: {
    method: 'DELETE',
    path: '/terraform/{resourceId}',
    summary: 'Tell Terraform from now on that there is no state',
    tag: 'Terraform',
    details:
      'Nothing is removed: the backups stay, and a state of any serial and lineage may be kept again. A rollback brings one back.',
    scope: 'backup:write',
    takesBasic: true,
    params: ResourcePath,
    query: StateQuery,
    answers: { 200: { description: 'It is so', schema: 'TerraformForgotten' } },
    errors: ['resource_locked', 'write_conflict'],
    examples: { answers: { 200: { resourceId: 'network/prod', status: 'forgotten' } } },
  },
  rollBackTerraform: {
    method: 'POST',
    path: '/terraform/{resourceId}/rollback',
    summary: 'Put the state of an older backup on top, with a serial above that of the newest',
    tag: 'Terraform',
    details:
      'The tool takes it for the newest state from then on; what it says of the world is for "plan" to compare. A state that OpenTofu has encrypted cannot be put on top here: its serial is sealed.',
    scope: 'backup:write',
    takesBasic: true,
    params: ResourcePath,
    body: { name: 'TerraformRollback', fields: RollbackFields },
    answers: { 200: { description: 'The new backup', schema: 'BackupOrReceipt' } },
    errors: STORING,
    examples: { requests: { older: { backupId: 'backup-7' } }, answers: { 200: BACKUP } },
  },
  getTerraformLock: {
    method: 'GET',
    path: '/terraform/{resourceId}/lock',
    summary: 'Look who holds the lock',
    tag: 'Terraform',
    scope: 'backup:list',
    takesBasic: true,
    params: ResourcePath,
    answers: { 200: { description: 'The lock; empty where nobody holds it', schema: 'TerraformHeld' } },
    errors: [],
    examples: { answers: { 200: { lock: LOCK, since: '2025-01-01T12:00:00.000Z', actor: 'ci' } } },
  },
  lockTerraformState: {
    method: 'PUT',
    path: '/terraform/{resourceId}/lock',
    also: [
      { method: 'LOCK', path: '/terraform/{resourceId}' },
      { method: 'LOCK', path: '/terraform/{resourceId}/lock' },
    ],
    summary: 'Take the lock: until it is released, nobody else may store a state of the resource',
    tag: 'Terraform',
    details:
      'Where the home is one process, LOCK of the state or of this address is the same. It holds over restarts, and ends only when it is released. Who already holds it under this ID has it.',
    scope: 'backup:write',
    takesBasic: true,
    params: ResourcePath,
    query: StateQuery,
    body: { name: 'TerraformLockInfo', fields: LockFields },
    answers: { 200: { description: 'It is held', schema: 'TerraformLock' } },
    errors: ['resource_locked', 'write_conflict'],
    examples: { requests: { apply: LOCK }, answers: { 200: LOCK } },
  },
  unlockTerraformState: {
    method: 'DELETE',
    path: '/terraform/{resourceId}/lock',
    also: [
      { method: 'UNLOCK', path: '/terraform/{resourceId}' },
      { method: 'UNLOCK', path: '/terraform/{resourceId}/lock' },
    ],
    summary: 'Release the lock',
    tag: 'Terraform',
    details:
      'With an ID, in the body as the tool sends it or in the query, only that one; without one whatever lock there is, as "force-unlock" of some releases asks. What is not held is released already.',
    scope: 'backup:write',
    takesBasic: true,
    params: ResourcePath,
    query: StateQuery,
    body: { name: 'TerraformUnlock', fields: UnlockFields, optional: true },
    answers: { 200: { description: 'Nobody holds it', schema: 'TerraformUnlocked' } },
    errors: ['resource_locked', 'write_conflict'],
    examples: { requests: { own: { ID: LOCK.ID } }, answers: { 200: { released: true } } },
  },
} as const satisfies Record<string, Route>;

const lock = () =>
  z.object({
    ID: z.string(),
    Operation: z.exactOptional(z.string()),
    Info: z.exactOptional(z.string()),
    Who: z.exactOptional(z.string()),
    Version: z.exactOptional(z.string()),
    Created: z.exactOptional(z.string()),
    Path: z.exactOptional(z.string()),
  });

/** Made on demand. */
export const terraformAnswers = once(() => ({
  TerraformLock: lock(),
  TerraformHeld: z.object({
    lock: z.exactOptional(lock()),
    since: z.exactOptional(shapes().time),
    actor: z.exactOptional(z.string()),
  }),
  TerraformUnlocked: z.object({ released: z.boolean() }),
  TerraformForgotten: z.object({ resourceId: z.string(), status: z.literal('forgotten') }),
}));
