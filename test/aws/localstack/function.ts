// Inside one environment of a function: loads its handler, then answers one request after the other until its input ends.

import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

type Handler = (event: unknown, context: object) => unknown;

interface Request {
  id: string;
  arn: string;
  /** As JSON. */
  event: string;
  trace: string;
  /** When its time is over, epoch milliseconds. */
  until: number;
}

const { env } = process;
const answers = Number(env.TEST_ANSWERS);
delete env.TEST_ANSWERS;

const handler = await load().catch((error: unknown) => {
  answer(failure(error));
  process.exit(1);
});
answer({});
for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request;
  env._X_AMZN_TRACE_ID = request.trace;
  process.stdout.write(`START RequestId: ${request.id} Version: ${env.AWS_LAMBDA_FUNCTION_VERSION}\n`);
  const said = await run(request);
  process.stdout.write(`END RequestId: ${request.id}\n`);
  answer(said);
}
process.exit(0);

async function load(): Promise<Handler> {
  const [, file = '', name = ''] = /^(.+)\.([^.]+)$/.exec(env._HANDLER ?? '') ?? [];
  const paths = ['.mjs', '.js', '.cjs'].map((ending) => join(env.LAMBDA_TASK_ROOT ?? '', file + ending));
  const path = paths.find((one) => existsSync(one));
  if (path === undefined) throw new Error(`Cannot find module '${file}'`);
  const loaded = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
  if (typeof loaded[name] !== 'function') throw new Error(`${env._HANDLER} is undefined or not exported`);
  return loaded[name] as Handler;
}

async function run(request: Request): Promise<object> {
  try {
    const result = await handler(JSON.parse(request.event), contextOf(request));
    return { result: JSON.stringify(result) ?? 'null' };
  } catch (error) {
    return failure(error);
  }
}

function contextOf({ id, arn, until }: Request): object {
  return {
    awsRequestId: id,
    invokedFunctionArn: arn,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(until - Date.now())),
  };
}

function answer(value: object): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length; ) at += writeSync(answers, bytes, at);
}

function failure(error: unknown): object {
  const thrown = error instanceof Error ? error : new Error(String(error));
  process.stderr.write(`${thrown.stack}\n`);
  const trace = (thrown.stack ?? '').split('\n');
  return { error: { errorType: thrown.name, errorMessage: thrown.message, trace } };
}
