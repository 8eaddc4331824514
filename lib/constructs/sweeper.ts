import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { QueuePermission } from '../permissions';
import type { StageSettings } from '../stage-settings';
import type { Access } from './access';

/** Longest that one batch of accounts may take. */
export const SWEEP_ACCOUNT_TIMEOUT = Duration.seconds(60);

const DEAD_LETTER_RETENTION = Duration.days(14);

/** The queue of accounts to sweep, and where messages go that fail again and again. */
export class SweepQueue extends Construct {
  readonly queue: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `maestro-billing-${stage}-sweep-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    this.queue = new Queue(this, 'Queue', {
      queueName: `maestro-billing-${stage}-sweep`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Six times the function's timeout, as AWS advises: a throttled batch is tried again in time.
      visibilityTimeout: Duration.seconds(SWEEP_ACCOUNT_TIMEOUT.toSeconds() * 6),
      // The next plan puts every account in again; an old message is worth nothing.
      retentionPeriod: Duration.hours(6),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: 5 },
    });
  }

  access(permission: QueuePermission): Access {
    return {
      value: this.queue.queueUrl,
      statements: [
        new PolicyStatement({
          actions: permission.actions.map((action) => `sqs:${action}`),
          resources: [this.queue.queueArn],
        }),
      ],
    };
  }
}

export interface SweeperProps {
  readonly settings: StageSettings;
  readonly queue: SweepQueue;
  readonly plan: IFunction;
  readonly account: IFunction;
}

/** Schedule -> sweep-plan -> queue -> sweep-account. */
export class Sweeper extends Construct {
  /** Where the scheduler puts a start of sweep-plan that it could not deliver. */
  readonly scheduleDeadLetters: Queue;

  constructor(scope: Construct, id: string, props: SweeperProps) {
    super(scope, id);
    const { settings } = props;
    this.scheduleDeadLetters = new Queue(this, 'ScheduleDeadLetters', {
      queueName: `maestro-billing-${settings.stage}-schedule-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: DEAD_LETTER_RETENTION,
    });
    Validations.of(this.scheduleDeadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is itself a dead-letter queue, of a schedule; the rule knows those of queues alone.',
    });
    this.schedule(props);
    props.account.addEventSource(
      new SqsEventSource(props.queue.queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: settings.sweepConcurrency,
      }),
    );
  }

  private schedule({ settings, plan }: SweeperProps): void {
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        // Without it a schedule of another account could be made to use this role.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ['lambda:InvokeFunction'],
        resources: [plan.functionArn],
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [this.scheduleDeadLetters.queueArn],
      }),
    );
    const minutes = settings.sweepRateMinutes;
    const schedule = new CfnSchedule(this, 'Schedule', {
      name: `maestro-billing-${settings.stage}-sweep`,
      description: 'Starts the sweep of all accounts with open holds',
      scheduleExpression: `rate(${minutes} ${minutes === 1 ? 'minute' : 'minutes'})`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: plan.functionArn,
        roleArn: role.roleArn,
        // The next start follows soon; an old one is not worth more than two tries.
        retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 2 },
        deadLetterConfig: { arn: this.scheduleDeadLetters.queueArn },
        input: '{}',
      },
    });
    // A schedule that exists before its role's policy starts with a refusal.
    schedule.node.addDependency(role);
  }
}
