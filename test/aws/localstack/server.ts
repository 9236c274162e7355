// LocalStack, from PyPI and without Docker: another API Gateway, CloudFormation, S3, KMS, SQS and EventBridge than MiniStack's.

import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newestPython, type Version, virtualEnvironment } from '../python.ts';
import type { ServerProgram } from '../server-process.ts';

const FOLDER = 'test/aws/localstack';
const VENV = '.venv-localstack';
/** Its code does not parse on older ones, whatever its package says. */
const PYTHONS: Version[] = ['3.13', '3.12'];
/** Functions that nobody calls give their memory back. */
const IDLE_MS = 120_000;

/** Installs it on the first call. To be called from the project's folder. */
export function localStack(root: string): ServerProgram {
  const requirements = readFileSync(join(root, FOLDER, 'requirements.txt'), 'utf8');
  const python = virtualEnvironment(join(root, VENV), requirements, () =>
    newestPython(PYTHONS, 'LocalStack'),
  );
  return {
    python,
    runs: { module: 'serve' },
    env: (home, port) => {
      const temporary = join(home, 'tmp');
      mkdirSync(temporary);
      const inherited = Object.entries(process.env).filter(
        ([name]) => !/^(AWS_|LOCALSTACK_|DEBUG)/.test(name),
      );
      return {
        ...Object.fromEntries(inherited),
        PYTHONPATH: join(root, FOLDER),
        TEST_NODE: process.execPath,
        TEST_PORT: String(port),
        HOME: home,
        TMPDIR: temporary,
        FILESYSTEM_ROOT: home,
        OVERRIDE_IN_DOCKER: '0',
        GATEWAY_LISTEN: `127.0.0.1:${port}`,
        // It calls itself localhost: host names that end in an IP address are no URLs of a bucket.
        LOCALSTACK_HOST: `localhost:${port}`,
        DNS_ADDRESS: '0',
        LS_LOG: 'warning',
        SQS_ENDPOINT_STRATEGY: 'path',
        S3_SKIP_SIGNATURE_VALIDATION: '0',
        // It has no metric filters and no dashboards.
        CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: '1',
        LAMBDA_KEEPALIVE_MS: String(IDLE_MS),
        // It would tell its makers that it runs, and fetch a certificate.
        DISABLE_EVENTS: '1',
        SKIP_SSL_CERT_DOWNLOAD: '1',
      };
    },
    readyPath: '/_localstack/health',
  };
}
