import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import { eventKey } from '../../lib/aws/catalog/catalog-keys.ts';
import { AWS_BOUNDS } from '../../lib/aws/names/bounds.ts';
import { TABLE } from '../../lib/aws/names/table.ts';
import { LIMITS } from '../../lib/core/records/limits.ts';
import {
  actionsOf,
  FUNCTIONS,
  idOf,
  type Resource,
  resourcesOf,
  type Statement,
  statementsOf,
  synthesize,
  textOf,
} from './synth.ts';

describe('storage', () => {
  /** What holds something that cannot be had again. */
  const STATEFUL = ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::KMS::Key', 'AWS::Logs::LogGroup'];

  let template: Template;
  beforeAll(() => {
    template = synthesize();
  });

  const bucket = (of: Template, start: string): Resource =>
    resourcesOf(of, 'AWS::S3::Bucket').find(([id]) => id.startsWith(start))![1];

  describe('by default', () => {
    test.each(STATEFUL)('every %s outlives the stack', (type) => {
      const found = resourcesOf(template, type);
      expect(found.length).toBeGreaterThan(0);
      for (const [, { DeletionPolicy, UpdateReplacePolicy }] of found) {
        expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      }
    });

    test('the table is protected, can go back in time, and is keyed as the catalog uses it', () => {
      template.hasResourceProperties('AWS::DynamoDB::Table', {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true },
        TimeToLiveSpecification: { AttributeName: TABLE.ttlAttribute, Enabled: true },
        KeySchema: [
          { AttributeName: TABLE.partitionKey, KeyType: 'HASH' },
          { AttributeName: TABLE.sortKey, KeyType: 'RANGE' },
        ],
      });
      const [[, table]] = resourcesOf(template, 'AWS::DynamoDB::Table') as [[string, Resource]];
      const indexes = table.Properties.GlobalSecondaryIndexes as { IndexName: string; Projection: unknown }[];
      expect(indexes.map(({ IndexName }) => IndexName)).toEqual(TABLE.indexes.map(({ name }) => name));
      for (const { Projection } of indexes) expect(Projection).toEqual({ ProjectionType: 'KEYS_ONLY' });
      // As tables of all releases have them: a deployment can add or remove one index of a living table, and change none.
      expect(indexes).toEqual(
        ['gsi1', 'gsi2', 'gsi3'].map((IndexName) => ({
          IndexName,
          KeySchema: [
            { AttributeName: `${IndexName}pk`, KeyType: 'HASH' },
            { AttributeName: `${IndexName}sk`, KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'KEYS_ONLY' },
        })),
      );
    });

    test('the table is warm, the bus remembers and the workers are as many as is asked for, and only then', () => {
      const asked = synthesize({ warmWriteUnits: '20000', archiveDays: '30', workersMax: '50' });
      const warmth = { WriteUnitsPerSecond: 20_000 };
      asked.hasResourceProperties('AWS::DynamoDB::Table', {
        WarmThroughput: warmth,
        GlobalSecondaryIndexes: TABLE.indexes.map(() => ({ WarmThroughput: warmth })),
      });
      asked.hasResourceProperties('AWS::Events::Archive', { RetentionDays: 30 });
      asked.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        ScalingConfig: { MaximumConcurrency: 50 },
      });
      expect(resourcesOf(template, 'AWS::Events::Archive')).toEqual([]);
      const chosen = textOf(synthesize({ busEvents: 'all,-backup.created' }).toJSON());
      expect(chosen).toContain('"BACKUP_BUS_EVENTS":"all,-backup.created"');
      expect(textOf(template.toJSON())).not.toContain('WarmThroughput');
    });

    test('provisioned, the table and each index are scaled by themselves, at 70 % of what they have', () => {
      const asked = synthesize({ provisionedWriteUnits: '25-4000', provisionedReadUnits: '10-500' });
      const units = { ReadCapacityUnits: 10, WriteCapacityUnits: 25 };
      const [[tableId, { Properties: table }]] = resourcesOf(asked, 'AWS::DynamoDB::Table') as [
        [string, Resource],
      ];
      // Said, and not left out: a table that is there would keep its mode.
      expect(table).toMatchObject({ BillingMode: 'PROVISIONED', ProvisionedThroughput: units });
      expect(table.GlobalSecondaryIndexes).toMatchObject(
        TABLE.indexes.map(() => ({ ProvisionedThroughput: units })),
      );
      const targets = resourcesOf(asked, 'AWS::ApplicationAutoScaling::ScalableTarget');
      const scaled = targets.map(([, { Properties: p }]) => [
        (p.ResourceId as { 'Fn::Join': [string, [string, { Ref: string }, string?]] })['Fn::Join'][1]
          .map((part) => (typeof part === 'object' ? part.Ref : part))
          .join(''),
        ...[p.ScalableDimension, p.MinCapacity, p.MaxCapacity],
      ]);
      const both = (resource: string, kind: string) => [
        [`table/${tableId}${resource}`, `dynamodb:${kind}:WriteCapacityUnits`, 25, 4000],
        [`table/${tableId}${resource}`, `dynamodb:${kind}:ReadCapacityUnits`, 10, 500],
      ];
      expect(scaled).toEqual([
        ...both('', 'table'),
        ...TABLE.indexes.flatMap(({ name }) => both(`/index/${name}`, 'index')),
      ]);
      const policies = resourcesOf(asked, 'AWS::ApplicationAutoScaling::ScalingPolicy');
      const targetsOf = policies.map(([, { Properties: p }]) => (p.ScalingTargetId as { Ref: string }).Ref);
      expect(targetsOf.sort()).toEqual(targets.map(([id]) => id).sort());
      for (const [, { Properties: p }] of policies) {
        expect(p.TargetTrackingScalingPolicyConfiguration).toMatchObject({ TargetValue: 70 });
      }
      expect(textOf(asked.toJSON())).toContain('"BACKUP_TABLE_CAPACITY":"provisioned"');
    });

    test('on demand nothing is scaled by anybody', () => {
      expect(textOf(template.toJSON())).not.toMatch(/ApplicationAutoScaling|ProvisionedThroughput/);
      expect(textOf(template.toJSON())).toContain('"BACKUP_TABLE_CAPACITY":"on-demand"');
    });

    test('the blobs are versioned, and what retention removes can be rescued for days', () => {
      const { Properties } = bucket(template, 'BucketsBlobs');
      expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      const { Rules } = Properties.LifecycleConfiguration as { Rules: Record<string, unknown>[] };
      expect(Rules[0]).toMatchObject({ NoncurrentVersionExpiration: { NoncurrentDays: 7 } });
      // A blob is as old as its backup: no rule may count from its writing.
      for (const rule of Rules) expect(rule).not.toHaveProperty('ExpirationInDays');
    });

    test('what is staged goes after a day', () => {
      const { Rules } = bucket(template, 'BucketsStaging').Properties.LifecycleConfiguration as {
        Rules: Record<string, unknown>[];
      };
      expect(Rules).toEqual([expect.objectContaining({ ExpirationInDays: 1, Status: 'Enabled' })]);
    });

    test('the function of the queue cannot outlive the time in which its message is hidden', () => {
      const [[, { Properties }]] = resourcesOf(template, 'AWS::Lambda::Function').filter(([id]) =>
        id.startsWith('FunctionsWorker'),
      ) as [[string, Resource]];
      expect(Number(Properties.Timeout) * 1000).toBeLessThan(LIMITS.jobVisibilityMs);
    });

    test('jobs that fail end in the dead letters, and one that fails does not take others along', () => {
      const deadLetters = idOf(template, 'AWS::SQS::Queue', 'QueuesDeadLetters');
      template.hasResourceProperties('AWS::SQS::Queue', {
        RedrivePolicy: {
          deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters, 'Arn'] },
          maxReceiveCount: LIMITS.jobAttemptsMax,
        },
        VisibilityTimeout: LIMITS.jobVisibilityMs / 1000,
      });
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      });
    });
  });

  describe('everywhere', () => {
    test('everything is encrypted', () => {
      const algorithms = resourcesOf(template, 'AWS::S3::Bucket').map(([id, { Properties }]) => {
        const { ServerSideEncryptionConfiguration: rules } = Properties.BucketEncryption as {
          ServerSideEncryptionConfiguration: { ServerSideEncryptionByDefault: { SSEAlgorithm: string } }[];
        };
        return [id.replace(/[0-9A-F]{8}$/, ''), rules[0]!.ServerSideEncryptionByDefault.SSEAlgorithm];
      });
      expect(Object.fromEntries(algorithms)).toEqual({
        BucketsAccessLogs: 'AES256',
        BucketsBlobs: 'aws:kms',
        BucketsStaging: 'aws:kms',
      });
      for (const [, { Properties }] of resourcesOf(template, 'AWS::SQS::Queue')) {
        expect(Properties.SqsManagedSseEnabled).toBe(true);
      }
      for (const [, { Properties }] of resourcesOf(template, 'AWS::SNS::Topic')) {
        expect(Properties.KmsMasterKeyId).toBeDefined();
      }
      for (const [, { Properties }] of resourcesOf(template, 'AWS::KMS::Key')) {
        expect(Properties.EnableKeyRotation).toBe(true);
      }
    });

    test('nothing is public', () => {
      for (const [, { Properties }] of resourcesOf(template, 'AWS::S3::Bucket')) {
        expect(Properties.PublicAccessBlockConfiguration).toEqual({
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        });
      }
      const policies = ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy'].flatMap(
        (type) => resourcesOf(template, type),
      );
      const allowed = policies
        .flatMap(([, { Properties }]) => (Properties.PolicyDocument as { Statement: Statement[] }).Statement)
        .filter(({ Effect }) => Effect === 'Allow');
      for (const { Principal } of allowed) expect(textOf(Principal)).not.toContain('*');
    });

    test('buckets and queues take nothing that is not under TLS', () => {
      for (const type of ['AWS::S3::BucketPolicy', 'AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy']) {
        for (const [, { Properties }] of resourcesOf(template, type)) {
          const { Statement: statements } = Properties.PolicyDocument as { Statement: Statement[] };
          expect(statements).toContainEqual(
            expect.objectContaining({
              Effect: 'Deny',
              Condition: { Bool: { 'aws:SecureTransport': 'false' } },
            }),
          );
        }
      }
    });

    test('nothing has a name of its own, so that stages stand side by side', () => {
      for (const name of ['BucketName', 'TableName', 'QueueName', 'FunctionName', 'RoleName', 'TopicName']) {
        for (const [id, { Properties = {} }] of Object.entries(
          template.toJSON().Resources as Record<string, Resource>,
        )) {
          // What is no text refers to another resource, by whatever name that got.
          expect([id, name, typeof Properties[name]]).not.toEqual([id, name, 'string']);
        }
      }
    });
  });

  test('the stage dev can be thrown away', () => {
    const dev = synthesize({ stage: 'dev' });
    for (const type of STATEFUL) {
      for (const [, { DeletionPolicy }] of resourcesOf(dev, type)) expect(DeletionPolicy).toBe('Delete');
    }
    dev.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
  });

  test('-c objectLock=<days> locks every blob, and nothing that is staged', () => {
    const locked = synthesize({ objectLock: '30', objectLockMode: 'compliance' });
    expect(bucket(locked, 'BucketsBlobs').Properties).toMatchObject({
      ObjectLockEnabled: true,
      ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 30, Mode: 'COMPLIANCE' } } },
    });
    expect(bucket(locked, 'BucketsStaging').Properties.ObjectLockEnabled).toBeUndefined();
  });
});

describe('what an attacker does first', () => {
  const ROLE = 'arn:aws:iam::123456789012:role/break-glass';
  const policyOf = (template: Template, id: string): Statement[] => {
    const [[, { Properties }]] = resourcesOf(template, 'AWS::S3::BucketPolicy').filter(([name]) =>
      name.startsWith(id),
    ) as [[string, Resource]];
    return (Properties.PolicyDocument as { Statement: Statement[] }).Statement;
  };
  const bySid = (statements: Statement[], sid: string) =>
    statements.find((statement) => (statement as { Sid?: string }).Sid === sid);

  test.each([
    ['with a role for emergencies', { breakGlassRoleArn: ROLE }, [ROLE]],
    ['without one', {}, undefined],
  ])(
    'removing versions, loosening what keeps them and destroying keys is denied to all, %s',
    (_how, context, but) => {
      const template = synthesize(context);
      const blobs = policyOf(template, 'BucketsBlobs');
      const destroys = bySid(blobs, 'NobodyDestroys')!;
      expect(destroys).toMatchObject({
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: expect.arrayContaining(['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention']),
      });
      const exempt = (statement: unknown) =>
        (statement as { Condition?: { ArnNotLike: Record<string, unknown> } }).Condition?.ArnNotLike[
          'aws:PrincipalArn'
        ];
      expect(exempt(destroys)).toEqual(but);
      const loosens = bySid(blobs, 'NobodyLoosens')!;
      expect(JSON.stringify(exempt(loosens))).toContain('cdk-*-cfn-exec-role-*');
      const keys = resourcesOf(template, 'AWS::KMS::Key');
      expect(keys).toHaveLength(2);
      for (const [, { Properties }] of keys) {
        const { Statement: statements } = Properties.KeyPolicy as { Statement: Statement[] };
        const denied = bySid(statements, 'NobodyDestroysTheKey');
        expect(denied).toMatchObject({
          Effect: 'Deny',
          Action: expect.arrayContaining(['kms:ScheduleKeyDeletion', 'kms:DisableKey']),
        });
        expect(exempt(denied)).toEqual(but);
      }
    },
  );

  test('what is written once cannot be overwritten: neither a blob nor a segment of the trail', () => {
    const once = bySid(policyOf(synthesize(), 'BucketsBlobs'), 'WrittenOnce');
    expect(once).toMatchObject({
      Effect: 'Deny',
      Action: 's3:PutObject',
      Condition: { Null: { 's3:if-none-match': 'true' }, Bool: { 's3:ObjectCreationOperation': 'true' } },
    });
    const resources = JSON.stringify((once as { Resource: unknown }).Resource);
    expect(resources).toContain('/blobs/*');
    expect(resources).toContain('/trail/*');
  });

  test('what can be thrown away is guarded by nothing that would keep it', () => {
    const dev = JSON.stringify(synthesize({ stage: 'dev' }).toJSON());
    for (const sid of ['NobodyDestroys', 'NobodyLoosens', 'WrittenOnce']) expect(dev).not.toContain(sid);
  });

  test('only with a lock may retention set locks, and it is told of which kind', () => {
    const rights = (context: Record<string, string>) => JSON.stringify(synthesize(context).toJSON());
    expect(rights({})).not.toContain('s3:PutObjectRetention');
    const locked = synthesize({ objectLock: '30', objectLockMode: 'compliance' });
    const holders = resourcesOf(locked, 'AWS::IAM::Policy').filter(([, policy]) =>
      JSON.stringify(policy).includes('s3:PutObjectRetention'),
    );
    expect(holders.map(([id]) => id)).toEqual([expect.stringContaining('Retention')]);
    expect(rights({ objectLock: '30', objectLockMode: 'compliance' })).toContain('30 compliance');
  });
});

describe('what fails its user at once', () => {
  test('an API has the name of its stack, so that no other rings its alarms', () => {
    const template = synthesize();
    const [[, { Properties }]] = resourcesOf(template, 'AWS::ApiGateway::RestApi') as [[string, Resource]];
    expect(Properties.Name).toBe('Test');
    const names = resourcesOf(template, 'AWS::CloudWatch::Alarm').flatMap(([, alarm]) =>
      ((alarm.Properties.Dimensions ?? []) as { Name: string; Value: unknown }[]).filter(
        ({ Name }) => Name === 'ApiName',
      ),
    );
    expect(names.length).toBeGreaterThan(0);
    for (const { Value } of names) expect(Value).toBe('Test');
  });

  test('the role for the logs of all APIs is set by what stays, kept, and never by what is thrown away', () => {
    expect(resourcesOf(synthesize({ stage: 'dev' }), 'AWS::ApiGateway::Account')).toEqual([]);
    const kept = resourcesOf(synthesize(), 'AWS::ApiGateway::Account');
    expect(kept).toHaveLength(1);
    expect(kept[0]![1].DeletionPolicy).toBe('Retain');
    expect(resourcesOf(synthesize({ apiLogs: 'existing' }), 'AWS::ApiGateway::Account')).toEqual([]);
  });

  test('what is thrown away has no access logs that would fill it meanwhile', () => {
    const template = synthesize({ stage: 'dev' });
    const buckets = resourcesOf(template, 'AWS::S3::Bucket');
    expect(buckets).toHaveLength(2);
    for (const [, { Properties }] of buckets) expect(Properties.LoggingConfiguration).toBeUndefined();
  });

  test('what is thrown away is emptied once nobody writes into it any more, and before it is deleted', () => {
    const template = synthesize({ stage: 'dev' });
    const emptied = resourcesOf(template, 'Custom::EmptiedBucket');
    const named = emptied.map(([, { Properties }]) => (Properties.BucketName as { Ref: string }).Ref);
    expect(named.sort()).toEqual(
      resourcesOf(template, 'AWS::S3::Bucket')
        .map(([id]) => id)
        .sort(),
    );
    // What is created later is deleted earlier: the functions first, the function that empties after its resources.
    for (const [id, { DependsOn }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      const writes = id.startsWith('Functions');
      for (const [custom] of emptied) expect((DependsOn ?? []).includes(custom)).toBe(writes);
    }
    const [[, { Properties }]] = resourcesOf(template, 'AWS::IAM::Policy').filter(([id]) =>
      id.startsWith('EmptyingEmptierRole'),
    ) as [[string, Resource]];
    const { Statement: statements } = Properties.PolicyDocument as { Statement: Statement[] };
    expect(statements.flatMap(actionsOf).filter((action) => action.startsWith('s3:'))).toEqual([
      's3:ListBucketVersions',
      's3:DeleteObject',
      's3:DeleteObjectVersion',
    ]);
  });

  test('nothing empties what is kept, and nothing there may remove a version', () => {
    const template = synthesize();
    expect(resourcesOf(template, 'Custom::EmptiedBucket')).toEqual([]);
    const allowed = FUNCTIONS.flatMap((name) => statementsOf(template, name)).filter(
      ({ Effect }) => Effect === 'Allow',
    );
    expect(textOf(allowed)).toContain('s3:DeleteObject');
    expect(textOf(allowed)).not.toContain('s3:DeleteObjectVersion');
  });

  test('a failed sweep is not run again by itself', () => {
    const configs = resourcesOf(synthesize(), 'AWS::Lambda::EventInvokeConfig');
    const called = configs.map(([, { Properties }]) => {
      expect(Properties).toMatchObject({ MaximumRetryAttempts: 0 });
      return /Functions(Retention|Trail)/.exec(textOf(Properties.FunctionName))?.[1];
    });
    expect(called.sort()).toEqual(['Retention', 'Trail']);
  });

  test('a commit is told to the trail within seconds, once for all that came in them, and its marks are not', () => {
    const template = synthesize();
    const trail = idOf(template, 'AWS::Lambda::Function', 'FunctionsTrail');
    const [[, { Properties, DependsOn }], ...others] = resourcesOf(
      template,
      'AWS::Lambda::EventSourceMapping',
    ).filter(([, { Properties: of }]) => textOf(of.FunctionName).includes(trail)) as [[string, Resource]];
    expect(others).toEqual([]);
    expect(Properties).toMatchObject({
      EventSourceArn: { 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table', 'Catalog'), 'StreamArn'] },
      StartingPosition: 'LATEST',
      MaximumBatchingWindowInSeconds: AWS_BOUNDS.trailGatherSeconds,
      MaximumRetryAttempts: 0,
      MaximumRecordAgeInSeconds: 60,
    });
    const { Filters } = Properties.FilterCriteria as { Filters: { Pattern: string }[] };
    expect(Filters.map(({ Pattern }) => JSON.parse(Pattern))).toEqual([
      { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'EVENT#' }] } } } },
    ]);
    expect(eventKey('r', 'some-place').pk.startsWith('EVENT#')).toBe(true);
    // What Lambda asks for as the mapping is made.
    expect(textOf(DependsOn)).toContain('FunctionsTrailRoleDefaultPolicy');
  });

  test('the schedule calls the trail every minute, for what the stream has not told', () => {
    const template = synthesize();
    const trail = idOf(template, 'AWS::Lambda::Function', 'FunctionsTrail');
    const rules = resourcesOf(template, 'AWS::Events::Rule').filter(([, { Properties }]) =>
      textOf(Properties.Targets).includes(trail),
    );
    expect(rules.map(([, { Properties }]) => Properties.ScheduleExpression)).toEqual(['rate(1 minute)']);
  });

  test('how many calls a second are let through is a setting', () => {
    const [[, { Properties }]] = resourcesOf(
      synthesize({ maxRequestsPerSecond: '1500' }),
      'AWS::ApiGateway::Stage',
    ) as [[string, Resource]];
    expect((Properties.MethodSettings as unknown[])[0]).toMatchObject({
      ResourcePath: '/*',
      ThrottlingRateLimit: 1500,
      ThrottlingBurstLimit: 3000,
    });
  });

  test('data keys that a former key has wrapped can still be opened, and no new ones made under it', () => {
    const arn = 'arn:aws:kms:us-east-1:123456789012:key/former';
    const template = synthesize({ formerKeyArns: arn });
    for (const name of FUNCTIONS.filter((one) => one !== 'Notify')) {
      const statements = statementsOf(template, name).filter(({ Resource: on }) =>
        textOf(on).includes('key/former'),
      );
      expect(statements.map(actionsOf)).toEqual([['kms:Decrypt']]);
    }
  });
});
