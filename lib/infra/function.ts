// One function as all of ours are: its own role with only what is stated, its own log group, one small bundle.

import { join } from 'node:path';
import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { type ICommandHooks, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { BUNDLING } from './bundling.ts';
import { logRetention } from './log-retention.ts';
import type { Settings } from './settings.ts';

export interface ServiceFunctionProps {
  settings: Settings;
  /** Where the project's package.json is. */
  projectRoot: string;
  /** File name in `lambdas/`, without its ending. */
  entry: string;
  description: string;
  memoryMiB: number;
  /** Of its folder for what is on its way; what every function has without it. */
  scratchMiB?: number;
  timeoutSeconds: number;
  environment: Record<string, string>;
  /** Whether a failed run that nobody waits for is run again; by default twice. */
  retryAttempts?: number;
  /** How long a call that nobody waits for may wait itself, where too many run; by default six hours. */
  callSecondsMax?: number;
  /** A folder, by its path in the project, that lies beside the bundle under its own last name. */
  files?: string;
  /** All that it may do, besides writing its own log. */
  privileges: iam.PolicyStatement[];
}

export class ServiceFunction extends Construct {
  readonly lambda: lambda.Function;
  readonly logGroup: logs.LogGroup;
  readonly timeoutSeconds: number;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { settings, projectRoot } = props;
    this.timeoutSeconds = props.timeoutSeconds;
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: logRetention(settings),
      removalPolicy: settings.disposable ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN,
    });
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      description: props.description,
    });
    this.logGroup.grantWrite(role);
    for (const statement of props.privileges) role.addToPolicy(statement);
    this.lambda = new NodejsFunction(this, 'Function', {
      entry: join(projectRoot, 'lambdas', `${props.entry}.ts`),
      projectRoot,
      depsLockFilePath: join(projectRoot, 'package-lock.json'),
      description: props.description,
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: props.memoryMiB,
      ...(props.scratchMiB === undefined ? {} : { ephemeralStorageSize: Size.mebibytes(props.scratchMiB) }),
      timeout: Duration.seconds(props.timeoutSeconds),
      environment: props.environment,
      awsSdkConnectionReuse: false,
      ...(props.retryAttempts === undefined ? {} : { retryAttempts: props.retryAttempts }),
      ...(props.callSecondsMax === undefined ? {} : { maxEventAge: Duration.seconds(props.callSecondsMax) }),
      logGroup: this.logGroup,
      role,
      bundling: {
        format: OutputFormat.ESM,
        target: BUNDLING.target,
        minify: BUNDLING.minify,
        mainFields: [...BUNDLING.mainFields],
        banner: BUNDLING.banner,
        // The SDK that was tested, not the one that the runtime has that week.
        externalModules: [],
        ...(props.files === undefined ? {} : { commandHooks: copying(join(projectRoot, props.files)) }),
      },
    });
  }
}

/** After bundling: `cp` is where CDK bundles without Docker as it is in its images. */
function copying(from: string): ICommandHooks {
  return {
    beforeInstall: () => [],
    beforeBundling: () => [],
    afterBundling: (_input, output) => [`cp -R '${from}' '${output}'`],
  };
}
