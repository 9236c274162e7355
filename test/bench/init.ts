// What a cold start loads: each function's bundle, and a bundle of the three SDK clients alone, each evaluated in fresh
// processes in turn. No AWS and no emulator: nothing is called before a function is.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLING } from '../../lib/infra/bundling.ts';
import { ENVIRONMENT } from '../aws/bundles.ts';
import { median } from './measure.ts';
import type { Report } from './report.ts';

const ROUNDS = 15;
const FUNCTIONS = ['backups', 'restores', 'worker', 'retention'];
const ALONE = 'S3, DynamoDB, KMS clients alone';

export default async function measureInit(report: Report): Promise<void> {
  report.section('Cold start');
  report.text(
    `Milliseconds from importing the bundle until the handler is there, clients made: medians of ${ROUNDS} fresh processes each, in turn.`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'backup-bench-init-'));
  try {
    const alone = join(folder, 'alone.ts');
    const clients = JSON.stringify(join(process.cwd(), 'lib/aws/calls/clients.ts'));
    writeFileSync(
      alone,
      `import { createDynamoDbClient, createKmsClient, createS3Client } from ${clients};
       export const handler = [createS3Client(), createDynamoDbClient(), createKmsClient()];`,
    );
    const entries = [[ALONE, alone], ...FUNCTIONS.map((name) => [name, `lambdas/${name}.ts`])] as [
      string,
      string,
    ][];
    const bundles = await Promise.all(
      entries.map(async ([name, entry], i) => ({
        name,
        file: await bundle(entry, join(folder, `${i}.mjs`)),
      })),
    );
    const times = bundles.map(() => [] as number[]);
    for (let round = -1; round < ROUNDS; round++) {
      for (const [i, { file }] of bundles.entries()) {
        const ms = initMs(file);
        if (round >= 0) times[i]!.push(ms);
      }
    }
    const medians = times.map(median);
    const ratios = times.map((all) => median(all.map((ms, round) => ms / times[0]![round]!)));
    report.table(
      ['bundle', 'KB', 'ms', 'least ms', 'x clients alone'],
      bundles.map(({ name, file }, i) => [
        name,
        (statSync(file).size / 1024).toFixed(0),
        medians[i]!.toFixed(1),
        Math.min(...times[i]!).toFixed(1),
        ratios[i]!.toFixed(2),
      ]),
    );
    for (const [i, { name }] of bundles.entries()) {
      if (i > 0) report.target(`init of ${name}`, { most: 1.3, unit: 'x clients alone' }, ratios[i]!);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle(entry: string, outfile: string): Promise<string> {
  const { banner, mainFields, ...options } = BUNDLING;
  await build({
    ...options,
    mainFields: [...mainFields],
    banner: { js: banner },
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
  });
  return outfile;
}

function initMs(file: string): number {
  const script = `const began = performance.now(); await import(${JSON.stringify(file)}); process.stdout.write(String(performance.now() - began)); process.exit(0);`;
  return Number(
    execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      env: { PATH: process.env.PATH, ...ENVIRONMENT },
      encoding: 'utf8',
    }),
  );
}
