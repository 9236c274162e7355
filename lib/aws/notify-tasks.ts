// The periodic work of the function that tells others: what is due is sent, and what no call tells of is looked for.

import { BACKOFF_MS } from '../core/records/delivery.ts';
import { createHttpSender } from '../notify/http.ts';
import { createNotifier } from '../notify/notifier.ts';
import { lookForConditions } from '../service/notifications/conditions.ts';
import { createSender } from '../service/notifications/sender.ts';
import type { Task } from '../service/upkeep/runner.ts';
import { VERSION } from '../version.ts';
import type { Home } from './home.ts';
import { createSignedPost } from './messages/signed.ts';
import { createTopicSender } from './messages/topics.ts';
import { AWS_BOUNDS } from './names/bounds.ts';
import { awsPlans, type NotifyTask } from './names/upkeep.ts';
import { openSecrets } from './secrets.ts';

/** `env`: the function's, whose credentials sign what goes to SNS and Secrets Manager. */
export function notifyTasks(
  { deps, config, meter }: Home,
  env: Readonly<Record<string, string | undefined>>,
): Record<NotifyTask, Task> {
  const { clock } = deps;
  const post = createSignedPost(env);
  const userAgent = `backup-restore-service/${VERSION}`;
  let stopAt = Number.POSITIVE_INFINITY;
  const sender = createSender({
    ...deps,
    meter,
    notifier: createNotifier({
      // Whoever may name a receiver must not reach what stands beside this function.
      http: createHttpSender({ privateHosts: config.notifyPrivateHosts, userAgent, now: clock.now }),
      sns: createTopicSender(post),
    }),
    secrets: openSecrets(env),
    ...{ backoffMs: BACKOFF_MS, timeoutMs: AWS_BOUNDS.notifyTimeoutMs },
    isStopping: () => clock.now() >= stopAt,
  });
  const plans = awsPlans(config.retentionEveryMinutes);
  return {
    notify: {
      everyMs: plans.notify.everyMs,
      async run(deadline) {
        // What is begun has to be over by then.
        stopAt = deadline - AWS_BOUNDS.notifyTimeoutMs;
        let lanes = 0;
        for (let begun = 1; begun > 0; lanes += begun) {
          begun = await sender.begin();
          await sender.idle();
        }
        return { lanes };
      },
    },
    conditions: {
      everyMs: plans.conditions.everyMs,
      run: (deadline) => lookForConditions(deps, deadline),
      says: 'what no call tells of was looked for',
    },
  };
}
