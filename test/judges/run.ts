// `npm run test:judges [names]`: the suites of the AWS adapters on servers of one service each. A judge whose tools are not on this machine is
// named as not run; whatever is installed stands in `.judges/`, which git ignores.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EMULATOR_VARIABLE, JUDGES, type JudgeName } from '../aws/capabilities.ts';
import { startServer } from '../aws/server-process.ts';
import { CREDENTIALS, JUDGE_PROGRAMS, type Judge } from './judges.ts';

const FOLDER = join(process.cwd(), '.judges');

const asked = process.argv.slice(2);
const unknown = asked.filter((word) => !JUDGES.some((name) => name === word));
if (unknown.length > 0) {
  process.stderr.write(`no such judge: ${unknown.join(', ')}; there are ${JUDGES.join(', ')}\n`);
  process.exit(2);
}

const verdicts: string[] = [];
let failed = 0;
let ran = 0;
for (const name of JUDGES) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const judge = JUDGE_PROGRAMS[name];
  const [tool, ...args] = judge.needs;
  if (spawnSync(tool, args, { stdio: 'ignore' }).status !== 0) {
    verdicts.push(`${name}: NOT RUN, it needs ${judge.needs.join(' ')} (${judge.is})`);
    continue;
  }
  ran += 1;
  const isPassed = await judgedBy(name, judge);
  if (!isPassed) failed += 1;
  verdicts.push(`${name}: ${isPassed ? 'passed' : 'FAILED'} (${judge.is})`);
}
process.stdout.write(`${verdicts.join('\n')}\n`);
// Nobody has judged: that is no passing.
process.exitCode = failed > 0 || ran === 0 ? 1 : 0;

async function judgedBy(name: JudgeName, judge: Judge): Promise<boolean> {
  process.stdout.write(`== ${name}: ${judge.is}\n`);
  const folder = join(FOLDER, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(FOLDER, '.gitignore'), '*\n');
  const results = join(folder, 'results.json');
  rmSync(results, { force: true });
  const server = await startServer(judge.install(folder));
  const env = {
    ...process.env,
    ...CREDENTIALS,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    [EMULATOR_VARIABLE]: name,
  };
  try {
    const jest = join(process.cwd(), 'node_modules/jest/bin/jest.js');
    const words = [jest, '-c', 'jest.judges.config.mjs', '--json', `--outputFile=${results}`];
    await new Promise<void>((done, fail) => {
      const child = spawn(process.execPath, [...words, ...judge.tests], {
        env,
        // What it says in JSON stands in the file, too.
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child.on('error', fail);
      child.on('close', () => done());
    });
  } finally {
    await server.stop();
  }
  return judged(JSON.parse(readFileSync(results, 'utf8')) as Results, judge);
}

interface Results {
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { fullName: string; status: string }[] }[];
}

/** What fails is what it is known to get wrong, and nothing else; says where that is not so. */
function judged({ numRuntimeErrorTestSuites, testResults }: Results, { faults }: Judge): boolean {
  const failing = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName);
  const known = faults?.tests ?? [];
  const ours = failing.filter((name) => !known.includes(name));
  const mended = known.filter((name) => !failing.includes(name));
  for (const name of ours) process.stdout.write(`  FAILED: ${name}\n`);
  for (const name of mended) process.stdout.write(`  passes now, take it out of the faults: ${name}\n`);
  if (known.length > 0)
    process.stdout.write(`  ${known.length} tests fail by its own fault: ${faults!.why}\n`);
  return numRuntimeErrorTestSuites === 0 && ours.length === 0 && mended.length === 0;
}
