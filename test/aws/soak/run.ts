// `npm run soak:aws -- [minutes] [deployments]`: the deployed stack under writers, readers and deletes, with its periodic work called all the time, deployed anew
// while it works, and with calls to AWS that are throttled or cut off. Afterwards every acknowledged backup is asked for.

import { setTimeout as delay } from 'node:timers/promises';
import {
  AWS_TASKS,
  type AwsTask,
  isNotifyTask,
  SCHEDULES_TASK,
  TRAIL_TASK,
} from '../../../lib/aws/names/upkeep.ts';
import { listenToBus } from '../bus-listener.ts';
import { EMULATOR_VARIABLE } from '../capabilities.ts';
import { environmentOf } from '../emulator.ts';
import { invoke } from '../invoke.ts';
import { miniStack } from '../ministack.ts';
import { allowPlainAssets, allowPlainHttp } from '../plain-http.ts';
import { createClients } from '../resources.ts';
import { startServer } from '../server-process.ts';
import { startSigningProxy } from '../signing-proxy.ts';
import { signingKeyOf } from '../sigv4.ts';
import { type Context, createDeployer, type StackOutputs } from '../stack.ts';
import { startThrottlingProxy } from './throttling-proxy.ts';
import { createWorkload } from './workload.ts';

/** Of the calls of the functions, of each kind of fault. */
const FAULT_SHARE = 0.01;
const SWEEP_EVERY_MS = 15_000;

const minutes = Number(process.argv[2] ?? 15);
const deploymentsMax = Number(process.argv[3] ?? 3);
if (!(minutes > 0 && deploymentsMax >= 0)) {
  process.stderr.write('npm run soak:aws -- [minutes] [deployments]\n');
  process.exit(2);
}

interface Periodic {
  done: number;
  failed: number;
  seconds: number;
  faults: string[];
}

process.env.AUTH = 'true';
const proxy = await startThrottlingProxy();
const program = miniStack(process.cwd());
const server = await startServer({
  ...program,
  // What functions call with: the emulator hands them its own.
  env: (home, port) => ({ ...program.env(home, port), AWS_ENDPOINT_URL: proxy.url }),
});
proxy.target = server.endpoint;
const env = environmentOf(server.endpoint);
Object.assign(process.env, env, { [EMULATOR_VARIABLE]: 'ministack' });
const emulator = {
  name: 'ministack',
  endpoint: server.endpoint,
  env,
  isOurs: true,
  stop: server.stop,
} as const;
const deployer = createDeployer(emulator);
try {
  process.exitCode = (await soak()) ? 0 : 1;
} finally {
  deployer.remove();
  await server.stop();
  await proxy.close();
}
process.exit();

async function soak(): Promise<boolean> {
  const context: Context = { stage: 'dev', graceSeconds: 1, retentionEveryMinutes: 1440, apiLogs: 'none' };
  await deployer.bootstrap();
  await allowPlainAssets(server.endpoint);
  const { apiUrl, outputs } = await deployer.deploy(context);
  await allowPlainHttp(server.endpoint, outputs);
  const signed = await startSigningProxy(apiUrl, { ...signingKeyOf(env), service: 'execute-api' });
  const listener = await listenToBus(createClients(), outputs.EventBusName);
  const workload = createWorkload(signed.url);

  proxy.share = FAULT_SHARE;
  const until = Date.now() + minutes * 60_000;
  const periodic: Record<string, Periodic> = {};
  let deployments = 0;
  await Promise.all([
    workload.work(until),
    upkeep(outputs, until, periodic),
    (async () => {
      // Spread over the time, each with other settings for every function.
      for (let n = 1; n <= deploymentsMax; n++) {
        const left = (deploymentsMax + 1 - n) / (deploymentsMax + 1);
        await delay(Math.max(0, until - left * minutes * 60_000 - Date.now()));
        const changed = await deployer.deploy({ ...context, graceSeconds: 1 + n });
        await allowPlainHttp(server.endpoint, changed.outputs);
        deployments++;
      }
    })(),
  ]);
  proxy.share = 0;
  // What was cut off last finds its end.
  await delay(15_000);
  await upkeep(outputs, Date.now() + 1, periodic);
  const { kept, gone } = await workload.judge();

  const { counts, promised } = workload;
  const events = await listener.take(Number.POSITIVE_INFINITY);
  const told = new Set(events.filter(({ action }) => action === 'backup.created').map((one) => one.backupId));
  const untold = [...promised.keys()].filter((id) => !told.has(id));
  if (untold.length > 0)
    counts.anomalies.push(`no event came of ${untold.length} backups: ${untold.slice(0, 5)}`);
  await signed.close();

  const say = (line: string) => process.stdout.write(`${line}\n`);
  say(`${minutes} minutes, ${deployments} deployments meanwhile`);
  say(`calls to AWS: ${JSON.stringify(proxy.faults)}`);
  for (const [task, { done, failed, seconds, faults }] of Object.entries(periodic)) {
    say(`${task}: ${done} done, ${failed} failed, ${seconds} s`);
    for (const fault of faults.slice(0, 3)) say(`    ${fault}`);
  }
  say(
    `acknowledged ${counts.acknowledged}, deleted ${counts.deleted}, restored and compared ${counts.restored}`,
  );
  say(`answers that asked to come again, by status: ${JSON.stringify(counts.again)}`);
  say(`afterwards: ${kept} kept and compared, ${gone} gone as asked, ${told.size} told on the bus`);
  say(`anomalies: ${counts.anomalies.length}`);
  for (const anomaly of counts.anomalies.slice(0, 40)) say(`  ${anomaly}`);
  return counts.anomalies.length === 0 && counts.acknowledged > 0;
}

/** Each task as its rule calls it, one after the other, more often than any rule does. At least once. */
async function upkeep(
  outputs: StackOutputs,
  until: number,
  periodic: Record<string, Periodic>,
): Promise<void> {
  do {
    for (const task of AWS_TASKS) {
      periodic[task] ??= { done: 0, failed: 0, seconds: 0, faults: [] };
      const began = performance.now();
      try {
        await invoke(functionOf(task, outputs), { task });
        periodic[task].done++;
      } catch (error) {
        // Throttled, or cut off: the next time goes on with it. Counted, and judged by what is there at the end.
        periodic[task].failed++;
        periodic[task].faults.push(String(error).slice(0, 300));
      }
      periodic[task].seconds += Math.round((performance.now() - began) / 1000);
    }
    await delay(Math.min(SWEEP_EVERY_MS, Math.max(0, until - Date.now())));
  } while (Date.now() < until);
}

function functionOf(task: AwsTask, outputs: StackOutputs): string {
  if (task === TRAIL_TASK) return outputs.TrailFunction;
  if (task === SCHEDULES_TASK) return outputs.SchedulesFunction;
  return isNotifyTask(task) ? outputs.NotifyFunction : outputs.RetentionFunction;
}
