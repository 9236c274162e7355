// How long logs are kept: as long as finished operations can be listed, so that one explains the other.

import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Settings } from './settings.ts';

export function logRetention({ disposable }: Settings): RetentionDays {
  return disposable ? RetentionDays.ONE_DAY : RetentionDays.THREE_MONTHS;
}
