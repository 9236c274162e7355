// Runs lines of the documentation as a user would: bash, curl and jq, in an empty folder.

import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cleanEnvironment, nodePath, temporaryFolder } from './server.ts';

const DOCUMENTED = 'http://localhost:3004';

/** The documentation's address, exchanged for the one where the service under test listens. */
export function withPort(script: string, port: number): string {
  return script.replaceAll(DOCUMENTED, `http://localhost:${port}`);
}

export interface Shell {
  /** What the script writes to its standard output. Throws if it fails. */
  run(script: string): Promise<string>;
}

/** A shell in an empty folder. */
export function createShell(): Shell {
  const cwd = temporaryFolder();
  const env = shellEnvironment(cwd);

  return {
    run: (script) =>
      new Promise((resolve, reject) => {
        const child = spawn('bash', ['-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
        let out = '';
        let err = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          out += text;
        });
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          err += text;
        });
        child.on('error', reject);
        child.on('close', (code) => {
          if (code === 0) resolve(out);
          else reject(new Error(`exit code ${code} of: ${script}\n${err}`));
        });
      }),
  };
}

/** Ours, with the tools that the documentation uses, and without settings of whoever runs the tests. */
export function shellEnvironment(home: string): Record<string, string> {
  const tools = temporaryFolder();
  if (spawnSync('jq', ['--version']).status !== 0) writeJq(join(tools, 'jq'));
  const inherited = cleanEnvironment();
  return { ...inherited, PATH: `${tools}:${inherited.PATH}`, HOME: home, CURL_HOME: home };
}

/** As much of jq as the documentation uses, for machines without it: `-r` and the way to one member. */
function writeJq(path: string): void {
  const program = `#!${nodePath()}
const raw = process.argv.includes('-r');
const way = process.argv.at(-1).match(/[a-zA-Z]+|[0-9]+/g);
let text = '';
process.stdin.setEncoding('utf8').on('data', (chunk) => { text += chunk; }).on('end', () => {
  const value = way.reduce((part, name) => part?.[name], JSON.parse(text));
  console.log(raw && typeof value === 'string' ? value : JSON.stringify(value ?? null, null, 2));
});
`;
  writeFileSync(path, program);
  chmodSync(path, 0o755);
}
