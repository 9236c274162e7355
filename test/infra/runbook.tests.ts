import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { RUNBOOK } from '../../lib/infra/alarms.ts';
import { type Resource, resourcesOf, synthesize, textOf } from './synth.ts';

/** An option of the AWS CLI by the property that it sets. */
const OPTIONS = {
  BatchSize: 'batch-size',
  MaximumBatchingWindowInSeconds: 'maximum-batching-window-in-seconds',
  MaximumRetryAttempts: 'maximum-retry-attempts',
  MaximumRecordAgeInSeconds: 'maximum-record-age-in-seconds',
  StartingPosition: 'starting-position',
  FilterCriteria: 'filter-criteria',
};
/** From variables, and what nothing hangs on. */
const APART = ['EventSourceArn', 'FunctionName', 'Tags'];

describe('the runbook', () => {
  test('a table that was restored by its commands is followed as the one of the stack', () => {
    const template = synthesize();
    const page = readFileSync(RUNBOOK, 'utf8').replaceAll(' \\\n', ' ');
    const [command] = /^aws lambda create-event-source-mapping .*$/m.exec(page)!;
    const given = (option: string): unknown => {
      const [, quoted, plain] = new RegExp(` --${option} +(?:'([^']*)'|(\\S+))`).exec(command) ?? [];
      const value = quoted ?? plain ?? '';
      return /^[\d{]/.test(value) ? JSON.parse(value) : value;
    };
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping') as [string, Resource][];
    const [, { Properties }] = mappings.find(([, one]) =>
      textOf(one.Properties.FunctionName).includes('Trail'),
    )!;
    const set = Object.entries(Properties).filter(([name]) => !APART.includes(name));
    for (const [name, value] of set) {
      const option = OPTIONS[name as keyof typeof OPTIONS];
      expect([name, given(option)]).toEqual([name, value]);
    }
    const [[, table]] = resourcesOf(template, 'AWS::DynamoDB::Table') as [[string, Resource]];
    const { StreamViewType } = table.Properties.StreamSpecification as { StreamViewType: string };
    expect(page).toContain(`--stream-specification StreamEnabled=true,StreamViewType=${StreamViewType})`);
  });
});
