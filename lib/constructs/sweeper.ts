import { Duration } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { QueuePermission } from '../permissions';
import type { StageSettings } from '../stage-settings';
import type { Access } from './access';
import { FunctionSchedule, type ScheduleDeadLetters } from './function-schedule';

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
  readonly scheduleDeadLetters: ScheduleDeadLetters;
}

/** Schedule -> sweep-plan -> queue -> sweep-account. */
export class Sweeper extends Construct {
  constructor(scope: Construct, id: string, props: SweeperProps) {
    super(scope, id);
    const { settings } = props;
    new FunctionSchedule(this, 'Schedule', {
      name: 'sweep',
      stage: settings.stage,
      description: 'Starts the sweep of all accounts with open holds',
      everyMinutes: settings.sweepRateMinutes,
      target: props.plan,
      deadLetters: props.scheduleDeadLetters,
    });
    props.account.addEventSource(
      new SqsEventSource(props.queue.queue, {
        batchSize: 10,
        reportBatchItemFailures: true,
        maxConcurrency: settings.sweepConcurrency,
      }),
    );
  }
}
