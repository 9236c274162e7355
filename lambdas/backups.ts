// Takes backups in, lists and hides them.

import { openHome, s3Transfers, sqsQueue } from '../lib/aws/home.ts';
import { serveApi } from '../lib/aws/http-function.ts';

export const handler = serveApi(
  openHome(process.env, { queue: sqsQueue, transfers: s3Transfers }),
  'backups',
);
