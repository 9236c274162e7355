// The bus that audit events are published on, for whoever in the account has made a rule for them.

import { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';

export class Events extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { description: 'Audit events of the backup service' });
  }
}
