// Gives states back; its role can store no backup.

import { openHome, s3Transfers, sqsQueue } from '../lib/aws/home.ts';
import { serveApi } from '../lib/aws/http-function.ts';

export const handler = serveApi(
  openHome(process.env, { queue: sqsQueue, transfers: s3Transfers, storesNothing: true }),
  'restores',
);
