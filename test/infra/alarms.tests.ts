import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { RUNBOOK } from '../../lib/infra/alarms.ts';
import { actionsOf, resourcesOf, type Statement, synthesize, textOf } from './synth.ts';

describe('alarms', () => {
  let template: Template;
  let alarms: Record<string, unknown>[];
  beforeAll(() => {
    template = synthesize({ alarmEmail: 'oncall@example.org' });
    alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
  });

  /** As Markdown makes them of headings. */
  function anchorsOf(file: string): string[] {
    return [...readFileSync(file, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .trim()
        .replace(/ /g, '-'),
    );
  }

  const linkOf = (alarm: Record<string, unknown>) =>
    /Runbook: (\S+)#(\S+)$/.exec(String(alarm.AlarmDescription))?.slice(1);

  test('every alarm has its section in the runbook', () => {
    const anchors = anchorsOf(RUNBOOK);
    expect(alarms.length).toBeGreaterThan(15);
    for (const alarm of alarms) {
      const [file, anchor] = linkOf(alarm) ?? [];
      expect(file).toBe(RUNBOOK);
      expect(anchors).toContain(anchor);
    }
  });

  test('every section of the runbook that is about an alarm has that alarm', () => {
    const described = anchorsOf(RUNBOOK).filter((anchor) => anchor.startsWith('alarm-'));
    expect(described.sort()).toEqual(alarms.map((alarm) => linkOf(alarm)![1]!).sort());
  });

  test('every alarm tells somebody when it begins and when it ends', () => {
    for (const { AlarmActions, OKActions } of alarms) {
      expect(AlarmActions).toHaveLength(1);
      expect(OKActions).toEqual(AlarmActions);
    }
    template.hasResourceProperties('AWS::SNS::Subscription', {
      Endpoint: 'oncall@example.org',
      Protocol: 'email',
    });
  });

  test('every alarm reaches its topic: the topic lets CloudWatch publish, and so does the key of the topic', () => {
    const topics = new Map(resourcesOf(template, 'AWS::SNS::Topic'));
    const policies = resourcesOf(template, 'AWS::SNS::TopicPolicy').map(([, { Properties }]) => Properties);
    const keys = new Map(resourcesOf(template, 'AWS::KMS::Key'));
    const account = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
    const fromCloudWatch = ({ Effect, Principal, Condition }: Statement): boolean =>
      Effect === 'Allow' &&
      textOf(Principal) === '{"Service":"cloudwatch.amazonaws.com"}' &&
      textOf(Condition) === textOf(account);
    for (const { AlarmActions } of alarms) {
      const [{ Ref: topicId }] = AlarmActions as [{ Ref: string }];
      const topic = topics.get(topicId)!.Properties;
      const policy = policies.find(({ Topics }) => textOf(Topics).includes(`"${topicId}"`))!;
      const statements = (policy.PolicyDocument as { Statement: Statement[] }).Statement;
      expect(
        statements.filter((s) => fromCloudWatch(s) && actionsOf(s).includes('sns:Publish')),
      ).toHaveLength(1);
      // CloudWatch speaks TLS, and that is all that is denied.
      for (const { Condition } of statements.filter(({ Effect }) => Effect === 'Deny')) {
        expect(Condition).toEqual({ Bool: { 'aws:SecureTransport': 'false' } });
      }
      const [keyId] = /Keys\w+/.exec(textOf(topic.KmsMasterKeyId))!;
      const key = keys.get(keyId)!.Properties.KeyPolicy as { Statement: Statement[] };
      const grant = key.Statement.find(fromCloudWatch)!;
      expect(actionsOf(grant).sort()).toEqual(['kms:Decrypt', 'kms:GenerateDataKey']);
    }
  });

  test.each([
    ['retention-silent', 'ScheduleSweep'],
    ['trail-silent', 'ScheduleTrail'],
  ])('%s is told by its own schedule, whoever else calls the function', (name, rule) => {
    const silent = alarms.find((alarm) => linkOf(alarm)?.[1] === `alarm-${name}`)!;
    expect(silent).toMatchObject({
      Namespace: 'AWS/Events',
      MetricName: 'Invocations',
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
    });
    expect(textOf(silent.Dimensions)).toContain(rule);
  });

  test('no alarm needs metric math, which not every emulator takes', () => {
    for (const alarm of alarms) expect(alarm.Metrics).toBeUndefined();
  });

  test('a rotten blob, a missing key and a dead dependency are counted in the log of every function', () => {
    const filters = resourcesOf(template, 'AWS::Logs::MetricFilter').map(([, { Properties }]) => Properties);
    expect(filters).toHaveLength(3 * 4);
    expect(new Set(filters.map(({ LogGroupName }) => textOf(LogGroupName))).size).toBe(4);
    for (const pattern of ['"integrity_error"', '"broken_chain"', '"denied"', '"unavailable"']) {
      expect(filters.filter(({ FilterPattern }) => String(FilterPattern).includes(pattern))).toHaveLength(4);
    }
  });

  test('every log ends', () => {
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Logs::LogGroup')) {
      expect(Properties.RetentionInDays).toBe(90);
    }
  });

  test('the outputs that the CLI, the tests and the runbook ask for are there', () => {
    const outputs = Object.keys(template.findOutputs('*'));
    for (const name of [
      'ApiUrl',
      'BucketName',
      'StagingBucketName',
      'TableName',
      'KeyArn',
      'QueueUrl',
      'DeadLetterQueueUrl',
      'RetentionFunction',
    ]) {
      expect(outputs).toContain(name);
    }
  });
});
