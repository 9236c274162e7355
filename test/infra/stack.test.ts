// One file for the runner: the CDK takes longer to load than all of these to run.

import './adopted.tests.ts';
import './alarms.tests.ts';
import './nag.tests.ts';
import './privileges.tests.ts';
import './replica.tests.ts';
import './routes.tests.ts';
import './runbook.tests.ts';
import './storage.tests.ts';
