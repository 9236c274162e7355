// Templates of the stack, without bundling its functions.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ReplicaStack } from '../../lib/infra/replica.ts';
import { readSettings } from '../../lib/infra/settings.ts';
import { BackupStack } from '../../lib/infra/stack.ts';

const ROOT = process.cwd();

export interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Statement {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Principal?: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

/** The CDK's own check of templates: seconds each, so one test makes it for all. */
const TEMPLATE_CHECK = '@aws-cdk/core:validateAgainstDefaultRules';

/** The app as `cdk synth -c name=value` makes it. */
function createStack(context: Record<string, string>, flags: Record<string, unknown> = {}) {
  const { context: asDeployed } = JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'));
  const app = new App({ context: { ...asDeployed, ...flags, 'aws:cdk:bundling-stacks': [] } });
  const settings = readSettings((name) => context[name]);
  const stack = new BackupStack(app, 'Test', { settings, projectRoot: ROOT });
  const { replica: to } = settings;
  const replica =
    to === undefined
      ? undefined
      : new ReplicaStack(app, 'Test-replica', { settings, replica: to, env: { region: to.region } });
  return { app, stack, replica };
}

const templates = new Map<string, Template>();

/** Once for each context, however many ask. */
export function synthesize(context: Record<string, string> = {}): Template {
  const known = JSON.stringify(context);
  const template =
    templates.get(known) ?? Template.fromStack(createStack(context, { [TEMPLATE_CHECK]: false }).stack);
  templates.set(known, template);
  return template;
}

/** The other stack, where there is one. */
export function synthesizeReplica(context: Record<string, string>): Template {
  const known = `replica ${JSON.stringify(context)}`;
  const template =
    templates.get(known) ?? Template.fromStack(createStack(context, { [TEMPLATE_CHECK]: false }).replica!);
  templates.set(known, template);
  return template;
}

/** Throws with every finding of cdk-nag that nobody has acknowledged, and of the CDK's own check. */
export function checkWithNag(context: Record<string, string> = {}): void {
  const { app } = createStack(context);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}

export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.findResources(type)) as unknown as [string, Resource][];
}

/** The logical id of the only resource of a type whose id begins so. */
export function idOf(template: Template, type: string, start: string): string {
  const ids = resourcesOf(template, type)
    .map(([id]) => id)
    .filter((id) => id.startsWith(start));
  if (ids.length !== 1) throw new Error(`${ids.length} resources ${type} begin with ${start}`);
  return ids[0]!;
}

export const FUNCTIONS = [
  ...(['Backups', 'Restores', 'Worker', 'Retention', 'Trail', 'Schedules', 'Notify'] as const),
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Every statement of a function's role. */
export function statementsOf(template: Template, name: FunctionName): Statement[] {
  const policies = resourcesOf(template, 'AWS::IAM::Policy').filter(([id]) =>
    id.startsWith(`Functions${name}Role`),
  );
  return policies.flatMap(
    ([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement,
  );
}

export function actionsOf({ Action }: Statement): string[] {
  return [Action].flat();
}

/** Every text within a value, references included. */
export function textOf(value: unknown): string {
  return JSON.stringify(value);
}
