// `npm run local:aws [-- -c name=value ...]`: the AWS home on this machine. Leaves an emulator with the deployed stack
// running until Ctrl-C. Settings are those of `cdk deploy`.

import { startEmulator } from './emulator.ts';
import { type Context, createDeployer, readContext } from './stack.ts';

/** So that plain curl is let in, and what retention does can be watched. */
const DISPOSABLE: Context = { stage: 'dev', auth: 'none', graceSeconds: 60, retentionEveryMinutes: 1 };

const context = contextOf(process.argv.slice(2));
const emulator = await startEmulator();
const deployer = createDeployer(emulator);
let stopping: Promise<void> | undefined;
const stop = (): Promise<void> => {
  stopping ??= (async () => {
    deployer.remove();
    await emulator.stop();
  })();
  return stopping;
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void stop().then(() => process.exit(0));
  });
}

try {
  say(`The emulator is up at ${emulator.endpoint}; deploying (about half a minute) ...`);
  await deployer.bootstrap();
  const { apiUrl, outputs } = await deployer.deploy(context);
  say(`\nThe API:  ${apiUrl}`);
  for (const [name, value] of Object.entries(outputs)) {
    // The emulator has no such host.
    if (!value.includes('.execute-api.')) say(`  ${name}: ${value}`);
  }
  const settings = Object.entries(emulator.env).map(([name, value]) => `${name}=${value}`);
  say(`\nFor AWS tools:  export ${settings.join(' ')}`);
  say(
    emulator.isOurs
      ? 'Nothing is kept. Ctrl-C stops it all.'
      : 'Ctrl-C ends this command; the stack stays in the emulator.',
  );
  // The emulator is a child: without it there is nothing to wait for.
  await new Promise(() => setInterval(() => undefined, 60_000));
} catch (error) {
  if (stopping === undefined) say(error instanceof Error ? error.message : String(error));
  await stop();
  process.exitCode = 1;
}

/** A stage that is kept takes the defaults of a deployment; the one that is thrown away is open, and quick. */
function contextOf(args: string[]): Context {
  const given = readContext(args);
  return (given.stage ?? 'dev') === 'dev' ? { ...DISPOSABLE, ...given } : given;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
