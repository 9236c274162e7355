// Checks bearer tokens against the keys of their issuer, and says which routes they open.

import { createAuthorizer } from '../lib/aws/access/authorizer.ts';
import { createIssuerKeys } from '../lib/aws/access/issuer-keys.ts';
import { readJwtConfig } from '../lib/aws/config.ts';
import { createLogger } from '../lib/log.ts';

const config = readJwtConfig(process.env);
const log = createLogger((line) => process.stdout.write(`${line}\n`));

export const handler = createAuthorizer({
  config,
  findKey: createIssuerKeys({ issuer: config.issuer, log }),
  log,
});
