import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { DIMENSIONS, FIGURES } from '../../lib/aws/names/figures.ts';
import { TABLE } from '../../lib/aws/names/table.ts';
import { RUNBOOK } from '../../lib/infra/alarms.ts';
import { actionsOf, FUNCTIONS, resourcesOf, type Statement, synthesize, textOf } from './synth.ts';

describe('alarms', () => {
  let template: Template;
  let alarms: Record<string, unknown>[];
  beforeAll(() => {
    // With all that can have an alarm.
    template = synthesize({
      ...{ alarmEmail: 'oncall@example.org', replicaRegion: 'eu-west-1' },
      provisionedWriteUnits: '25-4000',
    });
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
    ['retention-silent', 'sweep'],
    ['trail-silent', 'trail'],
    ['notify-silent', 'notify'],
  ])('%s is told by runs that ended well: a call that fails is as silent as none', (name, task) => {
    const silent = alarms.find((alarm) => linkOf(alarm)?.[1] === `alarm-${name}`)!;
    expect(silent).toMatchObject({
      MetricName: FIGURES.upkeepRuns,
      Dimensions: [
        { Name: DIMENSIONS.outcome, Value: 'done' },
        { Name: DIMENSIONS.task, Value: task },
      ],
      TreatMissingData: 'breaching',
      ComparisonOperator: 'LessThanThreshold',
      Threshold: 1,
    });
  });

  test('each index of a provisioned table has an alarm of its own, and what is on demand pays for none', () => {
    const ofIndexes = (of: Record<string, unknown>[]) =>
      of
        .filter(({ MetricName }) => MetricName === 'WriteThrottleEvents')
        .map(({ Dimensions }) => (Dimensions as { Name: string; Value: unknown }[])[0]);
    expect(ofIndexes(alarms)).toEqual(
      TABLE.indexes.map(({ name }) => ({ Name: 'GlobalSecondaryIndexName', Value: name })),
    );
    const onDemand = resourcesOf(synthesize(), 'AWS::CloudWatch::Alarm').map(
      ([, { Properties }]) => Properties,
    );
    expect(ofIndexes(onDemand)).toEqual([]);
    expect(onDemand.map(({ MetricName }) => MetricName)).toContain('ReadThrottleEvents');
  });

  test('no alarm needs metric math, which not every emulator takes', () => {
    for (const alarm of alarms) expect(alarm.Metrics).toBeUndefined();
  });

  test('nothing is counted by the wording of a message: no filter reads the logs, and figures have the names that the code gives', () => {
    expect(resourcesOf(template, 'AWS::Logs::MetricFilter')).toEqual([]);
    const own = alarms.filter(({ Namespace }) => !String(Namespace).startsWith('AWS/'));
    expect(new Set(own.map(({ Namespace }) => Namespace)).size).toBe(1);
    const names = new Set<unknown>(Object.values(FIGURES));
    for (const { MetricName } of own) expect(names).toContain(MetricName);
    expect(own.map(({ MetricName }) => MetricName)).toEqual(
      expect.arrayContaining([FIGURES.integrityErrors, FIGURES.keyErrors, FIGURES.dependencyErrors]),
    );
    const functions = resourcesOf(template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
      textOf(Properties),
    );
    const told = functions.filter((text) =>
      text.includes(`"BACKUP_METRICS_NAMESPACE":"${own[0]!.Namespace}"`),
    );
    expect(told).toHaveLength(FUNCTIONS.length);
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
      'SchedulesFunction',
      'TrailFunction',
    ]) {
      expect(outputs).toContain(name);
    }
  });
});
