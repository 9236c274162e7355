// Servers that others have written, of one service each: what our adapters do on them is no peculiarity of the emulator that they grew up on.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JudgeName } from '../aws/capabilities.ts';
import { virtualEnvironment } from '../aws/python.ts';
import type { ServerProgram } from '../aws/server-process.ts';

export interface Judge {
  /** For a person: what it is. */
  is: string;
  /** What it is installed with, as a command that answers if it is there. */
  needs: [string, ...string[]];
  /** Tests that run on it, as patterns of paths. */
  tests: string[];
  /** What it gets wrong itself: tests by their whole name that must fail on it, and why. One that passes is to be taken out. */
  faults?: { why: string; tests: string[] };
  /** Installs it into the folder if it is not there yet. */
  install(folder: string): ServerProgram;
}

const KEY = 'test';
/** versitygw takes no shorter secret. */
export const CREDENTIALS = { AWS_ACCESS_KEY_ID: KEY, AWS_SECRET_ACCESS_KEY: 'test-secret' };

const VERSITYGW = 'v1.8.0';
const ELASTICMQ = '1.7.1';
const MOTO = 'moto[server,dynamodb]==5.2.5\n';

/** What it runs on is in its package alone. */
const plain = (): NodeJS.ProcessEnv => process.env;

export const JUDGE_PROGRAMS: Record<JudgeName, Judge> = {
  versitygw: {
    is: `versitygw ${VERSITYGW}, an S3 server over a file system, in Go`,
    needs: ['go', 'version'],
    tests: ['test/aws/contract/blobs', 'test/aws/transfers', 'test/aws/large-objects', 'test/aws/copy'],
    faults: {
      why: 'It takes a delete marker for an object: If-None-Match refuses to put after it. S3 lets it, as recorded there',
      tests: [
        'AWS blob store setting aside takes a blob out of the store, keeps it, and puts it back as it was',
        'AWS blob store setting aside never replaces what has come since: then it stays aside',
        'AWS blob store delete removes the blob and nothing else, and frees the id',
      ],
    },
    install(folder) {
      const binary = join(folder, 'versitygw');
      if (!existsSync(binary)) {
        const env = { ...process.env, GOBIN: folder };
        run(env, 'go', 'install', `github.com/versity/versitygw/cmd/versitygw@${VERSITYGW}`);
      }
      return {
        ...{ python: 'python3', env: plain, readyPath: '/health' },
        runs: {
          command(home, port) {
            const [data, versions] = [join(home, 'data'), join(home, 'versions')];
            for (const made of [data, versions]) mkdirSync(made);
            return [
              ...[binary, '--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet'],
              ...['--access', KEY, '--secret', CREDENTIALS.AWS_SECRET_ACCESS_KEY],
              ...['posix', '--versioning-dir', versions, data],
            ];
          },
        },
      };
    },
  },
  elasticmq: {
    is: `ElasticMQ ${ELASTICMQ} with SQS's limits, in Scala`,
    needs: ['mvn', '--version'],
    tests: ['test/aws/contract/queue'],
    install(folder) {
      const jars = join(folder, 'jars');
      if (!existsSync(jars)) {
        writeFileSync(join(folder, 'pom.xml'), pomOf('org.elasticmq', 'elasticmq-server_2.13', ELASTICMQ));
        // Under its name once all of it is there.
        const whole = `${jars}.new`;
        run(
          process.env,
          ...(['mvn', '-q', '-B', '-f', join(folder, 'pom.xml')] as const),
          ...['dependency:copy-dependencies', `-DoutputDirectory=${whole}`],
        );
        run(process.env, 'mv', whole, jars);
      }
      return {
        ...{ python: 'python3', env: plain, readyPath: '/?Action=ListQueues' },
        runs: {
          command(home, port) {
            const config = join(home, 'elasticmq.conf');
            writeFileSync(
              config,
              [
                'include classpath("application.conf")',
                `node-address { protocol = http, host = "127.0.0.1", port = ${port}, context-path = "" }`,
                `rest-sqs { enabled = true, bind-port = ${port}, bind-hostname = "127.0.0.1", sqs-limits = strict }`,
                'rest-stats { enabled = false }',
                '',
              ].join('\n'),
            );
            return ['java', '-cp', join(jars, '*'), `-Dconfig.file=${config}`, 'org.elasticmq.server.Main'];
          },
        },
      };
    },
  },
  moto: {
    is: `moto 5.2.5's DynamoDB, in Python`,
    needs: ['python3', '-c', 'import venv, ensurepip'],
    tests: ['test/aws/contract/catalog', 'test/aws/catalog'],
    faults: {
      why: 'It has no ClientRequestToken: a transaction that is sent again is another one',
      tests: ['a commit whose answer was lost is sent again and counts once'],
    },
    install(folder) {
      const python = virtualEnvironment(join(folder, 'venv'), MOTO, () => 'python3');
      return {
        ...{ python, env: plain, readyPath: '/moto-api/data.json' },
        runs: {
          command: (_home, port) => [python, '-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
        },
      };
    },
  },
};

function pomOf(group: string, artifact: string, version: string): string {
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>',
    '<groupId>judges</groupId><artifactId>judges</artifactId><version>1</version><dependencies><dependency>',
    `<groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>`,
    '</dependency></dependencies></project>\n',
  ].join('\n');
}

function run(env: NodeJS.ProcessEnv, file: string, ...args: string[]): void {
  execFileSync(file, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
}
