// What the functions weigh, and how long they take to start.

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../lib/aws/names/env.ts';

export interface BundleReport {
  name: string;
  kilobytes: number;
  /** Loading and composing, in a process of its own; the median of a few. */
  initMs: number;
}

const STARTS = 5;
const NAMES = ['Backups', 'Restores', 'Worker', 'Retention', 'Trail', 'Schedules', 'Notify'] as const;

interface Template {
  Resources: Record<
    string,
    { Type: string; Properties: { Environment?: unknown }; Metadata?: Record<string, string> }
  >;
}

/** Of every function in an assembly. */
export function reportBundles(assembly: string): BundleReport[] {
  const file = readdirSync(assembly).find((name) => name.endsWith('.template.json'));
  const { Resources } = JSON.parse(readFileSync(join(assembly, file!), 'utf8')) as Template;
  return NAMES.map((name) => {
    const [, resource] = Object.entries(Resources).find(
      ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.startsWith(`Functions${name}`),
    )!;
    const bundle = join(assembly, resource.Metadata!['aws:asset:path']!, 'index.mjs');
    return { name, kilobytes: Math.round(statSync(bundle).size / 1024), initMs: initMs(bundle) };
  });
}

/** Settings that are good enough to start with: no function calls anything before it is called. */
export const ENVIRONMENT: Environment & { AWS_REGION: string } = {
  BACKUP_BUCKET: 'blobs',
  BACKUP_STAGING_BUCKET: 'staging',
  BACKUP_TABLE: 'catalog',
  BACKUP_TABLE_CAPACITY: 'on-demand',
  BACKUP_KEY_ARN: 'arn:aws:kms:us-east-1:000000000000:key/none',
  BACKUP_FORMER_KEY_ARNS: '',
  BACKUP_QUEUE_URL: 'http://127.0.0.1/jobs',
  BACKUP_DEAD_LETTER_QUEUE_URL: 'http://127.0.0.1/dead-letters',
  BACKUP_EVENT_BUS: 'bus',
  BACKUP_BUS_EVENTS: 'all',
  BACKUP_ALLOW_UNENCRYPTED: 'false',
  BACKUP_GRACE_SECONDS: '0',
  BACKUP_EXPIRY_HOLD_SECONDS: '0',
  BACKUP_AUDIT_DAYS: '0',
  BACKUP_OBJECT_LOCK: '',
  BACKUP_SWEEPERS_MAX: '4',
  BACKUP_RETENTION_EVERY_MINUTES: '15',
  BACKUP_SOURCE_PRIVATE_HOSTS: '',
  BACKUP_NOTIFY_PRIVATE_HOSTS: '',
  BACKUP_METRICS_NAMESPACE: 'BackupRestore/test',
  BACKUP_BASE_PATH: '',
  BACKUP_AUTH: 'iam',
  AWS_REGION: 'us-east-1',
};

function initMs(bundle: string): number {
  const script = `const began = performance.now(); await import(${JSON.stringify(bundle)}); process.stdout.write(String(performance.now() - began)); process.exit(0);`;
  const times = Array.from({ length: STARTS }, () =>
    Number(
      execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
        env: { ...process.env, ...ENVIRONMENT },
        encoding: 'utf8',
      }),
    ),
  );
  return Math.round(times.sort((a, b) => a - b)[Math.floor(STARTS / 2)]!);
}
