import { describe, expect, test } from '@jest/globals';
import {
  actionsOf,
  type Resource,
  resourcesOf,
  type Statement,
  synthesize,
  synthesizeReplica,
  textOf,
} from './synth.ts';

export const REPLICATED = { replicaRegion: 'eu-west-1' };
export const ELSEWHERE = {
  ...REPLICATED,
  replicaAccount: '222222222222',
  replicaSourceAccount: '111111111111',
  replicaLock: '90',
  replicaLockMode: 'compliance',
};

const only = (template: ReturnType<typeof synthesize>, type: string, start = ''): Resource => {
  const found = resourcesOf(template, type).filter(([id]) => id.startsWith(start));
  expect(found).toHaveLength(1);
  return found[0]![1];
};

/** Of a text that is joined: what is referred to stands there by its name. */
const partsOf = (value: unknown): string[] =>
  (value as { 'Fn::Join': [string, (string | { Ref: string })[]] })['Fn::Join'][1].map((part) =>
    typeof part === 'string' ? part : part.Ref,
  );

const policyOf = (resource: Resource): Statement[] =>
  (resource.Properties.PolicyDocument as { Statement: Statement[] }).Statement;

describe('the second copy', () => {
  test('is the bucket that S3 is told to copy to, under the key that it is told to encrypt with', () => {
    for (const context of [REPLICATED, ELSEWHERE]) {
      const copy = only(synthesizeReplica(context), 'AWS::S3::Bucket').Properties.BucketName;
      const alias = only(synthesizeReplica(context), 'AWS::KMS::Alias').Properties.AliasName as string;
      const { ReplicationConfiguration } = only(
        synthesize(context),
        'AWS::S3::Bucket',
        'BucketsBlobs',
      ).Properties;
      const { Rules } = ReplicationConfiguration as {
        Rules: { Destination: { Bucket: unknown; Account?: string; EncryptionConfiguration: unknown } }[];
      };
      const { Bucket, Account, EncryptionConfiguration } = Rules[0]!.Destination;
      const text = (value: unknown): string => (typeof value === 'string' ? value : partsOf(value).join(''));
      expect(text(Bucket)).toBe(`arn:AWS::Partition:s3:::${text(copy)}`);
      expect(textOf(EncryptionConfiguration)).toContain(alias);
      expect(Account).toBe((context as typeof ELSEWHERE).replicaAccount);
    }
  });

  test('takes everything, removals of a version excepted, and what S3 could not copy wakes somebody', () => {
    const template = synthesize(REPLICATED);
    const { ReplicationConfiguration } = only(template, 'AWS::S3::Bucket', 'BucketsBlobs').Properties;
    expect(ReplicationConfiguration).toMatchObject({
      Rules: [
        {
          Status: 'Enabled',
          Filter: { Prefix: '' },
          DeleteMarkerReplication: { Status: 'Enabled' },
          SourceSelectionCriteria: { SseKmsEncryptedObjects: { Status: 'Enabled' } },
        },
      ],
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', { MetricName: 'OperationsFailedReplication' });
  });

  test.each([
    ['in the same account', REPLICATED, { Days: 30, Mode: 'GOVERNANCE' }],
    ['in another one', ELSEWHERE, { Days: 90, Mode: 'COMPLIANCE' }],
  ])('%s cannot be emptied: locked, versioned, kept, and nobody destroys', (_name, context, retention) => {
    const template = synthesizeReplica(context);
    const bucket = only(template, 'AWS::S3::Bucket');
    expect(bucket).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        VersioningConfiguration: { Status: 'Enabled' },
        ObjectLockConfiguration: { Rule: { DefaultRetention: retention } },
      },
    });
    const { Rules } = bucket.Properties.LifecycleConfiguration as {
      Rules: { NoncurrentVersionExpiration?: { NoncurrentDays: number }; ExpirationInDays?: number }[];
    };
    expect(Rules.map((rule) => rule.NoncurrentVersionExpiration?.NoncurrentDays)).toContain(retention.Days);
    expect(Rules.every((rule) => rule.ExpirationInDays === undefined)).toBe(true);
    const denied = policyOf(only(template, 'AWS::S3::BucketPolicy')).filter(
      ({ Effect }) => Effect === 'Deny',
    );
    expect(denied.flatMap(actionsOf)).toEqual(
      expect.arrayContaining(['s3:DeleteObjectVersion', 's3:BypassGovernanceRetention']),
    );
    expect(only(template, 'AWS::KMS::Key').DeletionPolicy).toBe('Retain');
  });

  test('of another account lets in the one role that S3 copies under, and no more than to copy', () => {
    const allowed = policyOf(only(synthesizeReplica(ELSEWHERE), 'AWS::S3::BucketPolicy')).filter(
      ({ Effect }) => Effect === 'Allow',
    );
    expect(allowed).toHaveLength(1);
    const [{ Condition, Principal }] = allowed as [Statement];
    expect(textOf(Principal)).toContain(':iam::111111111111:root');
    const role = only(synthesize(ELSEWHERE), 'AWS::IAM::Role', 'Replication').Properties.RoleName as string;
    expect(textOf(Condition)).toContain(`:iam::111111111111:role/${role}`);
    expect(actionsOf(allowed[0]!).sort()).toEqual([
      's3:ObjectOwnerOverrideToBucketOwner',
      's3:ReplicateDelete',
      's3:ReplicateObject',
      's3:ReplicateTags',
    ]);
  });

  test('data keys can be opened in its region: the key is one of several, and that of before goes on opening', () => {
    const template = synthesize(REPLICATED);
    const keys = resourcesOf(template, 'AWS::KMS::Key');
    const everywhere = keys.filter(([, { Properties }]) => Properties.MultiRegion === true);
    expect(everywhere.map(([id]) => id)).toEqual([expect.stringContaining('WrappingEverywhere')]);
    const before = resourcesOf(synthesize(), 'AWS::KMS::Key').map(([id]) => id);
    expect(keys.map(([id]) => id)).toEqual(expect.arrayContaining(before));
    const [was] = before.filter((id) => id.startsWith('KeysWrapping'));
    for (const [, { Properties }] of resourcesOf(template, 'AWS::Lambda::Function')) {
      const { Variables } = (Properties.Environment ?? {}) as { Variables?: Record<string, unknown> };
      if (Variables?.FORMER_KEY_ARNS === undefined) continue;
      expect(textOf(Variables.FORMER_KEY_ARNS)).toContain(was);
      expect(textOf(Variables.KEY_ARN)).toContain(everywhere[0]![0]);
    }
    // Whoever asks for no copy is left as he was.
    expect(
      resourcesOf(synthesize(), 'AWS::KMS::Key').some(([, one]) => one.Properties.MultiRegion === true),
    ).toBe(false);
  });
});
