// The command line, as a process: `brs`, `backup-restore-service`.

import { readFile } from 'node:fs/promises';
import { runCli } from '../lib/cli/main.ts';

const interrupt = new AbortController();
process.once('SIGINT', () => {
  interrupt.abort(new Error('interrupted'));
  // Whatever does not hear of it must not keep the process: the second time, or a moment later, it ends.
  setTimeout(() => process.exit(130), 2000).unref();
});
// A reader that has had enough (`| head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});

/** Programs of this machine are files of their own: beside this one once all is bundled. */
const become =
  (name: string) =>
  async (args: string[]): Promise<void> => {
    process.removeAllListeners('SIGINT');
    process.argv.splice(2, process.argv.length, ...args);
    // Named as late as that, so that nobody takes them in who bundles this.
    const file = new URL(`${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.mjs'}`, import.meta.url);
    await import(file.href);
  };

const { env, stdin, stdout, stderr } = process;

/** Whoever types a command may read what that user may: nothing is refused here. */
async function openSources() {
  const [{ createSources }, { createSecretReader }] = await Promise.all([
    import('../lib/sources/sources.ts'),
    import('../lib/sources/secrets.ts'),
  ]);
  const secrets = createSecretReader({ env, readFile: (path) => readFile(path, 'utf8') });
  return createSources({ secrets, privateHosts: 'any', folders: 'any', usesAmbient: true });
}

const code = await runCli(
  process.argv.slice(2),
  { env, stdin, stdout, stderr, signal: interrupt.signal, sources: openSources },
  { serve: become('server'), rebuild: become('rebuild'), quarantine: become('quarantine') },
  async (context, options) => (await import('./console.ts')).serveConsole(context, options),
);
if (code !== 0) process.exitCode = code;
