// The page "Backing up X": its commands, typed as they stand there, in a folder of their own against a service of their own.

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cleanEnvironment, nodePath, type Server, startServer, temporaryFolder } from './server.ts';

export interface Place {
  server: Server;
  folder: string;
  /** Types a script; what fails ends it. */
  type(script: string, env?: Record<string, string>): Promise<{ code: number | null; out: string }>;
}

/** The shell blocks under a heading, in order. */
export function blocksOf(heading: string): string[] {
  const page = readFileSync('docs/backing-up.md', 'utf8');
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`the page has nothing on ${heading}`);
  return [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
}

/** `program`: another than the source of the service. */
export async function openPlace(program?: string): Promise<Place> {
  const folder = temporaryFolder();
  const server = await startServer({
    dataDir: join(folder, 'data'),
    ...(program === undefined ? {} : { program }),
  });
  const brs = `node ${join(process.cwd(), 'bin/brs.mjs')}`;
  return {
    server,
    folder,
    async type(script, env = {}) {
      const path = `${dirname(nodePath())}:${process.env.PATH}`;
      const child = spawn('bash', ['-c', `set -e -o pipefail\n${script.replaceAll('npx brs', brs)}`], {
        cwd: folder,
        env: { ...cleanEnvironment(), PATH: path, BACKUP_URL: server.url, TZ: 'UTC', ...env },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let out = '';
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data: Buffer) => (out += data.toString()));
      const code = await new Promise<number | null>((done) => child.once('close', done));
      return { code, out };
    },
  };
}
