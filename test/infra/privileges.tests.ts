import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { ASIDE_PREFIX, BLOBS_PREFIX } from '../../lib/aws/blobs/blob-store.ts';
import { TRAIL_PREFIX } from '../../lib/aws/blobs/trail-store.ts';
import { RESULTS_PREFIX, UPLOADS_PREFIX } from '../../lib/aws/blobs/transfers.ts';
import { BLOBS, QUARANTINE, RESULTS, TRAIL, UPLOADS } from '../../lib/infra/privileges.ts';
import {
  actionsOf,
  FUNCTIONS,
  type FunctionName,
  idOf,
  resourcesOf,
  type Statement,
  statementsOf,
  synthesize,
  textOf,
} from './synth.ts';

describe('privileges', () => {
  let template: Template;
  let blobs: string;
  let staging: string;
  let wrappingKey: string;

  beforeAll(() => {
    template = synthesize();
    blobs = idOf(template, 'AWS::S3::Bucket', 'BucketsBlobs');
    staging = idOf(template, 'AWS::S3::Bucket', 'BucketsStaging');
    wrappingKey = idOf(template, 'AWS::KMS::Key', 'KeysWrapping');
  });

  /** Which functions may do something to a resource. */
  function whoMay(action: string, resource = ''): FunctionName[] {
    const allows = (statement: Statement) =>
      actionsOf(statement).includes(action) && textOf(statement.Resource).includes(resource);
    return FUNCTIONS.filter((name) => statementsOf(template, name).some(allows));
  }

  test('only retention may delete blobs', () => {
    expect(whoMay('s3:DeleteObject', blobs)).toEqual(['Retention']);
  });

  test('only retention may call a function, and that is itself', () => {
    expect(whoMay('lambda:InvokeFunction')).toEqual(['Retention']);
    const own = idOf(template, 'AWS::Lambda::Function', 'FunctionsRetention');
    const calls = statementsOf(template, 'Retention').filter((statement) =>
      actionsOf(statement).includes('lambda:InvokeFunction'),
    );
    expect(calls.map(({ Resource }) => Resource)).toEqual([{ 'Fn::GetAtt': [own, 'Arn'] }]);
  });

  test('only one function may write the trail, and nobody may take it away', () => {
    const may = (action: string) =>
      FUNCTIONS.filter((name) =>
        statementsOf(template, name)
          .filter((statement) => actionsOf(statement).includes(action))
          .flatMap(({ Resource }) => [Resource].flat())
          .map(textOf)
          .some((resource) => resource.includes(blobs) && /"\/(trail\/)?\*"/.test(resource)),
      );
    expect(may('s3:PutObject')).toEqual(['Trail']);
    expect(may('s3:DeleteObject')).toEqual([]);
  });

  test('nobody may delete versions, lift locks or change buckets', () => {
    const s3 = FUNCTIONS.flatMap((name) => statementsOf(template, name).flatMap(actionsOf)).filter((action) =>
      action.startsWith('s3:'),
    );
    expect([...new Set(s3)].sort()).toEqual([
      's3:AbortMultipartUpload',
      's3:DeleteObject',
      's3:GetObject',
      's3:ListBucket',
      's3:PutObject',
    ]);
  });

  test('restores can put nothing anywhere', () => {
    expect(whoMay('s3:PutObject')).toEqual(['Backups', 'Worker', 'Retention', 'Trail', 'Schedules']);
    expect(whoMay('s3:PutObject', staging)).toEqual(['Backups', 'Worker']);
  });

  test('only those who seal blobs or the trail may make data keys', () => {
    expect(whoMay('kms:GenerateDataKey', wrappingKey)).toEqual(['Backups', 'Worker', 'Trail', 'Schedules']);
    expect(whoMay('kms:Decrypt', wrappingKey)).toEqual(FUNCTIONS.filter((name) => name !== 'Notify'));
  });

  test('the storage key serves S3 only', () => {
    const storageKey = idOf(template, 'AWS::KMS::Key', 'KeysStorage');
    const uses = FUNCTIONS.flatMap((name) => statementsOf(template, name)).filter(({ Resource }) =>
      textOf(Resource).includes(storageKey),
    );
    // What tells others has nothing to do with S3.
    expect(uses).toHaveLength(FUNCTIONS.length - 1);
    for (const { Condition } of uses) expect(textOf(Condition)).toContain('kms:ViaService');
  });

  test('nobody may scan the table, or change it', () => {
    const actions = FUNCTIONS.flatMap((name) => statementsOf(template, name).flatMap(actionsOf));
    const table = [...new Set(actions.filter((action) => action.startsWith('dynamodb:')))].sort();
    expect(table).toEqual([
      'dynamodb:BatchGetItem',
      'dynamodb:ConditionCheckItem',
      'dynamodb:DeleteItem',
      'dynamodb:DescribeStream',
      'dynamodb:GetItem',
      'dynamodb:GetRecords',
      'dynamodb:GetShardIterator',
      'dynamodb:ListStreams',
      'dynamodb:PutItem',
      'dynamodb:Query',
      'dynamodb:UpdateItem',
    ]);
  });

  test('the stream, which holds keys only, is read by the trail alone, and the trail reads no blob', () => {
    const table = idOf(template, 'AWS::DynamoDB::Table', 'Catalog');
    expect(whoMay('dynamodb:GetRecords')).toEqual(['Trail']);
    const streams = statementsOf(template, 'Trail').filter((statement) =>
      actionsOf(statement).includes('dynamodb:GetRecords'),
    );
    const ofTable = { 'Fn::Join': ['', [{ 'Fn::GetAtt': [table, 'Arn'] }, '/stream/*']] };
    expect(streams.map(({ Resource }) => Resource)).toEqual([ofTable]);
    template.hasResourceProperties('AWS::DynamoDB::Table', {
      StreamSpecification: { StreamViewType: 'KEYS_ONLY' },
    });
    const objects = statementsOf(template, 'Trail')
      .filter((statement) => actionsOf(statement).includes('s3:GetObject'))
      .map(({ Resource }) => textOf(Resource));
    expect(objects).toHaveLength(1);
    expect(objects[0]).toContain(`/${TRAIL}*`);
  });

  test('the trail can queue nothing and remove nothing', () => {
    const actions = statementsOf(template, 'Trail').flatMap(actionsOf);
    for (const action of ['sqs:SendMessage', 's3:DeleteObject', 'lambda:InvokeFunction']) {
      expect(actions).not.toContain(action);
    }
  });

  test('who makes the table anew removes no blob, writes no trail, and is no function', () => {
    const roles = resourcesOf(template, 'AWS::IAM::Role').filter(([id]) => id.startsWith('Rebuild'));
    const [role, { Properties }] = roles[0]!;
    expect(textOf(Properties.AssumeRolePolicyDocument)).toContain(':root');
    expect(textOf(Properties.AssumeRolePolicyDocument)).not.toContain('lambda');
    expect(Properties.MaxSessionDuration).toBe(43_200);
    const statements = resourcesOf(template, 'AWS::IAM::Policy')
      .filter(([, policy]) => textOf(policy.Properties.Roles).includes(role))
      .flatMap(([, policy]) => (policy.Properties.PolicyDocument as { Statement: Statement[] }).Statement);
    const actions = [...new Set(statements.flatMap(actionsOf))].sort();
    expect(actions).toEqual([
      ...['dynamodb:BatchWriteItem', 'dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem'],
      ...['dynamodb:Scan', 'kms:Decrypt', 'kms:GenerateDataKey', 's3:AbortMultipartUpload', 's3:GetObject'],
      ...['s3:ListBucket', 's3:PutObject'],
    ]);
    const written = statements.filter((one) => actionsOf(one).includes('s3:PutObject'));
    expect(written.map(({ Resource }) => textOf(Resource))).toEqual([expect.stringContaining(`/${BLOBS}*`)]);
    const makesKeys = statements.filter((one) => actionsOf(one).includes('kms:GenerateDataKey'));
    for (const { Resource } of makesKeys) expect(textOf(Resource)).not.toContain(wrappingKey);
  });

  describe('partitions of the table', () => {
    const writes = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];
    /** Of the statements that let a function write, or keep it from it: where. */
    const where = (name: FunctionName, effect: string) =>
      statementsOf(template, name)
        .filter(({ Effect }) => Effect === effect)
        .filter((statement) => actionsOf(statement).some((action) => writes.includes(action)))
        .map((statement) => [actionsOf(statement).sort(), statement.Condition]);

    test('restores writes what it has done, and no backup, head, policy or trail', () => {
      const keys = ['OP#*', 'CHAIN#*', 'EVENT#*', 'NOTICES', 'SECRET#cursor'];
      expect(where('Restores', 'Allow')).toEqual([
        [[...writes].sort(), { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } }],
      ]);
    });

    test('the trail writes where it stands, what it has done with events, how it went, and what it has found', () => {
      const keys = ['TRAIL', 'EVENT#*', 'UPKEEP', 'NOTICES', 'DOC#delivery*'];
      expect(where('Trail', 'Allow')).toEqual([
        [[...writes].sort(), { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } }],
      ]);
    });

    test('what tells others writes how far it has come, and no backup, head or policy', () => {
      const keys = ['DOC#delivery*', 'DOC#channel', 'EVENT#*', 'UPKEEP', 'SECRET#cursor'];
      expect(where('Notify', 'Allow')).toEqual([
        [[...writes].sort(), { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } }],
      ]);
    });

    test('what tells others reads no blob and opens no key; topics are those that are named', () => {
      const actions = (context: Record<string, string>) =>
        statementsOf(synthesize(context), 'Notify')
          .flatMap(actionsOf)
          .filter((action) => !/^(dynamodb|logs):/.test(action));
      expect(actions({})).toEqual(['secretsmanager:GetSecretValue']);
      const notifyTopicArns = 'arn:aws:sns:eu-central-1:123456789012:ops';
      expect(actions({ notifyTopicArns })).toEqual(['sns:Publish', 'secretsmanager:GetSecretValue']);
    });

    test('where the trail stands only its function may say', () => {
      const kept = { 'ForAnyValue:StringEquals': { 'dynamodb:LeadingKeys': ['TRAIL'] } };
      for (const name of ['Backups', 'Worker', 'Retention'] as const) {
        expect(where(name, 'Deny')).toEqual([[[...writes].sort(), kept]]);
      }
      expect(where('Trail', 'Deny')).toEqual([]);
    });
  });

  test('only the worker takes jobs, only the trail publishes events', () => {
    expect(whoMay('sqs:ReceiveMessage')).toEqual(['Worker']);
    // Who takes work on sends it; who does it, or looks after it, sends what waits or was lost again.
    expect(whoMay('sqs:SendMessage')).toEqual(['Backups', 'Restores', 'Worker', 'Retention']);
    expect(whoMay('events:PutEvents')).toEqual(['Trail']);
    expect(textOf(synthesize({ busEvents: 'none' }).toJSON())).not.toContain('events:PutEvents');
  });

  test('only who reads sources, or tells others, reads secrets, and only those under the name of the stack', () => {
    expect(whoMay('secretsmanager:GetSecretValue')).toEqual(['Schedules', 'Notify']);
    const named = statementsOf(template, 'Schedules')
      .filter((statement) => actionsOf(statement).includes('secretsmanager:GetSecretValue'))
      .map(({ Resource }) => textOf(Resource));
    expect(named).toEqual([expect.stringMatching(/:secretsmanager:.*:secret:Test\/\*"/)]);
  });

  describe.each(FUNCTIONS)('%s', (name) => {
    test('has no wildcard in an action', () => {
      for (const statement of statementsOf(template, name))
        expect(textOf(statement.Action)).not.toContain('*');
    });

    test('has a wildcard in a resource only for objects of our buckets and the streams of our table', () => {
      const wild = statementsOf(template, name)
        .flatMap(({ Resource }) => [Resource].flat())
        .map(textOf)
        .filter((resource) => resource.includes('*') && !resource.includes(':secret:Test/*'));
      for (const resource of wild) {
        expect(resource).toMatch(
          /^\{"Fn::Join":\["",\[\{"Fn::GetAtt":\["(Buckets\w+","Arn"\]\},"\/[a-z]*\/?|Catalog\w+","Arn"\]\},"\/stream\/)\*"\]\]\}$/,
        );
      }
    });

    test('has a role of its own, for Lambda only, without managed policies', () => {
      const roles = resourcesOf(template, 'AWS::IAM::Role').filter(([id]) =>
        id.startsWith(`Functions${name}Role`),
      );
      expect(roles).toHaveLength(1);
      const [, { Properties }] = roles[0]!;
      expect(Properties.ManagedPolicyArns).toBeUndefined();
      expect(textOf(Properties.AssumeRolePolicyDocument)).toContain('"Service":"lambda.amazonaws.com"');
    });
  });

  test('the prefixes that are granted are the ones that are used', () => {
    expect([UPLOADS, RESULTS]).toEqual([UPLOADS_PREFIX, RESULTS_PREFIX]);
    expect([BLOBS, QUARANTINE, TRAIL]).toEqual([BLOBS_PREFIX, ASIDE_PREFIX, TRAIL_PREFIX]);
  });
});
