// MiniStack, from PyPI: enforces policies, and runs functions with the Node that it finds.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { virtualEnvironment } from './python.ts';
import type { ServerProgram } from './server-process.ts';

const REQUIREMENTS = 'ministack==1.5.33\n';
const VENV = '.venv-aws';

/** Installs it on the first call. */
export function miniStack(root: string): ServerProgram {
  const python = virtualEnvironment(join(root, VENV), REQUIREMENTS, () => 'python3');
  return {
    python,
    runs: { module: 'ministack' },
    env: (home, port) => {
      const temporary = join(home, 'tmp');
      mkdirSync(temporary);
      const { AWS_PROFILE: _profile, ...inherited } = process.env;
      return {
        ...inherited,
        HOME: home,
        TMPDIR: temporary,
        STATE_DIR: join(home, 'state'),
        S3_DATA_DIR: join(home, 's3'),
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        IOT_MTLS_ENABLED: '0',
        LAMBDA_WARM_TTL_SECONDS: '60',
        LOG_LEVEL: 'WARNING',
        // It runs functions with the `node` that it finds, and they find there what is not in their bundles.
        NODE_PATH: join(root, 'node_modules'),
        PATH: `${join(root, 'node_modules', 'node', 'bin')}:${process.env.PATH ?? ''}`,
      };
    },
    readyPath: '/_ministack/health',
  };
}
