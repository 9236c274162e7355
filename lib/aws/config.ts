// The functions' settings: one schema over their environment, read once by whoever composes.

import * as z from 'zod';
import { ENV, type Environment, JWT_ENV, type JwtEnvironment } from './env.ts';

const text = z.string().min(1);

const schema = z.object({
  [ENV.bucket]: text,
  [ENV.stagingBucket]: text,
  [ENV.table]: text,
  [ENV.keyArn]: text,
  [ENV.queueUrl]: z.url(),
  [ENV.deadLetterQueueUrl]: z.url(),
  [ENV.eventBus]: text,
  [ENV.allowUnencrypted]: z.enum(['true', 'false']),
  [ENV.graceSeconds]: z.string().regex(/^\d{1,8}$/, 'must be a whole number'),
  [ENV.basePath]: z
    .string()
    .regex(/^(\/[\w.~-]+)*$/, 'must be empty or begin with a slash and not end with one'),
} satisfies Record<keyof Environment, z.ZodType>);

const jwtSchema = z.object({
  [JWT_ENV.issuer]: z.url({ protocol: /^https$/ }),
  [JWT_ENV.audience]: text,
} satisfies Record<keyof JwtEnvironment, z.ZodType>);

export interface AwsConfig {
  bucket: string;
  stagingBucket: string;
  table: string;
  keyArn: string;
  queueUrl: string;
  deadLetterQueueUrl: string;
  eventBus: string;
  allowUnencrypted: boolean;
  graceMs: number;
  basePath: string;
}

export interface JwtConfig {
  issuer: string;
  audience: string;
}

/** Throws an Error whose message names every setting that is wrong, and how. */
export function readConfig(env: Record<string, string | undefined>): AwsConfig {
  const set = parse(schema, env);
  return {
    bucket: set[ENV.bucket],
    stagingBucket: set[ENV.stagingBucket],
    table: set[ENV.table],
    keyArn: set[ENV.keyArn],
    queueUrl: set[ENV.queueUrl],
    deadLetterQueueUrl: set[ENV.deadLetterQueueUrl],
    eventBus: set[ENV.eventBus],
    allowUnencrypted: set[ENV.allowUnencrypted] === 'true',
    graceMs: Number(set[ENV.graceSeconds]) * 1000,
    basePath: set[ENV.basePath],
  };
}

/** The authorizer's settings. Throws like `readConfig`. */
export function readJwtConfig(env: Record<string, string | undefined>): JwtConfig {
  const set = parse(jwtSchema, env);
  return { issuer: set[JWT_ENV.issuer], audience: set[JWT_ENV.audience] };
}

function parse<S extends z.ZodType>(of: S, env: Record<string, string | undefined>): z.output<S> {
  const parsed = of.safeParse(env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Error(`The settings are not valid. ${faults.join('; ')}`);
}
