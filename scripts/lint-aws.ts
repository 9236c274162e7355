// `npm run lint:aws`: the templates of the app through cfn-lint and checkov, which are installed from PyPI into `.venv-lint` once.

import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { virtualEnvironment } from '../test/aws/python.ts';
import { ACCEPTED } from './accepted-findings.ts';

const REQUIREMENTS = 'cfn-lint==1.58.0\ncheckov==3.3.30\n';
/** The plainest stack, and one with all that can be asked for. */
const STACKS = {
  plain: [],
  full: [
    'stage=full',
    'objectLock=30',
    'alarmEmail=a@b.example',
    'maxRequestsPerSecond=50',
    'provisionedWriteUnits=25-4000',
  ].flatMap((setting) => ['-c', setting]),
};

interface Finding {
  check_id: string;
  check_name: string;
  resource: string;
}

const python = virtualEnvironment(join(process.cwd(), '.venv-lint'), REQUIREMENTS, () => 'python3');
const bin = dirname(python);
const folder = mkdtempSync(join(tmpdir(), 'lint-aws-'));
const faults: string[] = [];
const seen = new Set<string>();
try {
  for (const [name, context] of Object.entries(STACKS)) {
    const out = join(folder, name);
    run('npx', ['cdk', 'synth', '--quiet', '-o', out, ...context], [0]);
    for (const template of globSync(join(out, '*.template.json'))) look(name, template);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
for (const id of Object.keys(ACCEPTED)) {
  if (!seen.has(id)) faults.push(`${id} finds nothing any more: take it out of scripts/accepted-findings.ts`);
}
process.stdout.write(faults.length === 0 ? 'no fault\n' : `${faults.join('\n')}\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

function look(stack: string, template: string): void {
  // 4 is a warning, 8 an information; what it says of dependencies that CDK names twice harms nobody.
  const errors = run(
    join(bin, 'cfn-lint'),
    ['--non-zero-exit-code', 'error', '--ignore-checks', 'W3005', '--', template],
    [0, 2, 4, 6, 8, 10, 12, 14],
  );
  for (const line of errors.split('\n').filter((text) => /^[EW]\d/.test(text))) {
    faults.push(`${stack}: cfn-lint ${line}`);
  }
  const said = run(
    join(bin, 'checkov'),
    ['-f', template, '--framework', 'cloudformation', '--quiet', '--compact', '-o', 'json'],
    [0, 1],
  );
  const { results, summary } = JSON.parse(said) as {
    results: { failed_checks: Finding[] };
    summary: { passed: number; failed: number; parsing_errors: number };
  };
  if (summary.parsing_errors > 0) faults.push(`${stack}: checkov cannot read ${basename(template)}`);
  for (const { check_id, check_name, resource } of results.failed_checks) {
    const accepted = ACCEPTED[check_id];
    seen.add(check_id);
    if (accepted !== undefined && (accepted.on ?? ['']).some((part) => resource.includes(part))) continue;
    faults.push(`${stack}: checkov ${check_id} on ${resource}: ${check_name}`);
  }
  process.stdout.write(
    `${stack}: ${basename(template)}, checkov ${summary.passed} passed, ${summary.failed} failed\n`,
  );
}

/** What it prints; throws with all of it unless it ends with one of these. */
function run(file: string, args: string[], codes: number[]): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (!codes.includes(status ?? -1)) throw new Error(`${file} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}
