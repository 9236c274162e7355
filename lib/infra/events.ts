// The bus that audit events are published on, for whoever in the account has made a rule for them.

import { Duration, Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export class Events extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, { archiveDays }: Settings) {
    super(scope, id);
    this.bus = new EventBus(this, 'Bus', { description: 'Audit events of the backup service' });
    if (archiveDays === undefined) return;
    this.bus.archive('Archive', {
      description: 'Audit events of the backup service, to be sent once more',
      // Everything that is published here.
      eventPattern: { account: [Stack.of(this).account] },
      retention: Duration.days(archiveDays),
    });
  }
}
