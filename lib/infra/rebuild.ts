// The role of who makes the table anew from the bucket (`npm run rebuild:aws`): a person takes it on after a disaster, no function does.

import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** The longest session that a role gives: a rebuild of millions of blobs takes hours. */
const SESSION_HOURS = 12;

export class Rebuild extends Construct {
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, statements: readonly iam.PolicyStatement[]) {
    super(scope, id);
    this.role = new iam.Role(this, 'Role', {
      // Whoever the account lets: nobody, until a policy of theirs says that they may assume it.
      assumedBy: new iam.AccountRootPrincipal(),
      description: 'Makes the table anew from blobs and trail, by hand; removes no blob',
      maxSessionDuration: Duration.hours(SESSION_HOURS),
    });
    for (const statement of statements) this.role.addToPolicy(statement);
  }
}
