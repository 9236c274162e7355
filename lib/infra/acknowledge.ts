// cdk-nag findings that we accept, each with its reason, beside the resource it is about.

import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts findings (`rule` or `rule[finding]`) on a construct and all below it. */
export function acknowledge(scope: IConstruct, findings: Record<string, string>): void {
  for (const [rule, reason] of Object.entries(findings)) {
    Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason });
  }
}
