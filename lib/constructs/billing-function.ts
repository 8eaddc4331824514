import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy, Validations } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { EnvironmentByFunction } from '../../core/contract/environment';
import { FUNCTIONS, type FunctionName } from '../../core/contract/functions';
import type { ResourcesOf, ResourceVariable } from '../permissions';
import { FUNCTION_LIMITS } from '../function-limits';
import type { StageSettings } from '../stage-settings';
import type { Access } from './access';

/** The variables of a function that are no resources, for example STAGE. */
export type PlainVariablesOf<Name extends FunctionName> = Omit<
  EnvironmentByFunction[Name],
  ResourceVariable
>;

/** The resources of a function, by the variable that names each. */
export type AccessOf<Name extends FunctionName> = Readonly<Record<ResourcesOf<Name>, Access>>;

export interface BillingFunctionProps<Name extends FunctionName> {
  readonly name: Name;
  readonly settings: StageSettings;
  /** Folder with one folder per function, as `npm run build` writes it. */
  readonly assetsDir: string;
  readonly variables: PlainVariablesOf<Name>;
  readonly access: AccessOf<Name>;
}

/** One function with its own role, its own log group, and nothing that it does not need. */
export class BillingFunction<Name extends FunctionName> extends Construct {
  readonly name: Name;
  readonly lambda: LambdaFunction;
  readonly role: Role;
  readonly logGroup: LogGroup;

  constructor(scope: Construct, props: BillingFunctionProps<Name>) {
    super(scope, props.name);
    this.name = props.name;
    const limits = FUNCTION_LIMITS[props.name];
    const functionName = `maestro-billing-${props.settings.stage}-${props.name}`;
    this.logGroup = new LogGroup(this, 'Log', {
      logGroupName: `/aws/lambda/${functionName}`,
      retention: props.settings.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: `${props.name} of Maestro Billing, ${props.settings.stage}`,
    });
    this.logGroup.grantWrite(this.role);
    // Object.entries, because TypeScript cannot see that every field of every contract is a string.
    const environment = Object.fromEntries<string>(Object.entries(props.variables));
    for (const [variable, access] of Object.entries<Access>(props.access)) {
      environment[variable] = access.value;
      for (const statement of access.statements) this.role.addToPolicy(statement);
    }
    this.lambda = new LambdaFunction(this, 'Function', {
      functionName,
      description: FUNCTIONS[props.name].purpose,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(bundleOf(props.assetsDir, props.name)),
      // CPU comes with memory: less makes a cold start slower than it makes it cheaper.
      memorySize: limits.memoryMb ?? 512,
      timeout: limits.timeout,
      reservedConcurrentExecutions: limits.isHot ? props.settings.admissionConcurrency : undefined,
      role: this.role,
      environment,
      logGroup: this.logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel[props.settings.logLevel],
      systemLogLevelV2: SystemLogLevel.WARN,
      tracing: Tracing.ACTIVE,
    });
    Validations.of(this.role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason:
        'xray:PutTraceSegments and xray:PutTelemetryRecords know no resources; IAM accepts only * for them.',
    });
  }
}

function bundleOf(assetsDir: string, name: FunctionName): string {
  const folder = join(assetsDir, name);
  if (!existsSync(join(folder, 'index.js'))) {
    throw new Error(`No bundle of ${name} in ${folder}. Run \`npm run build\` first.`);
  }
  return folder;
}
