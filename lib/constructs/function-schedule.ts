import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

/** Where the scheduler puts the starts that it could not deliver, of all schedules of a stage. */
export class ScheduleDeadLetters extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, stage: string) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      queueName: `maestro-billing-${stage}-schedule-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.queue).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason:
        'It is itself a dead-letter queue, of schedules; the rule knows those of queues alone.',
    });
  }
}

export interface FunctionScheduleProps {
  /** Last part of the schedule's name. */
  readonly name: string;
  readonly stage: string;
  readonly description: string;
  readonly everyMinutes: number;
  readonly target: IFunction;
  readonly deadLetters: ScheduleDeadLetters;
}

/** Starts a function at a steady rate, with a role that may do that and nothing else. */
export class FunctionSchedule extends Construct {
  constructor(scope: Construct, id: string, props: FunctionScheduleProps) {
    super(scope, id);
    const { target, deadLetters, everyMinutes } = props;
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        // Without it a schedule of another account could be made to use this role.
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ['sqs:SendMessage'],
        resources: [deadLetters.queue.queueArn],
      }),
    );
    const schedule = new CfnSchedule(this, 'Schedule', {
      name: `maestro-billing-${props.stage}-${props.name}`,
      description: props.description,
      scheduleExpression: `rate(${everyMinutes} ${everyMinutes === 1 ? 'minute' : 'minutes'})`,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        // The next start follows soon; an old one is not worth more than two tries.
        retryPolicy: { maximumEventAgeInSeconds: 300, maximumRetryAttempts: 2 },
        deadLetterConfig: { arn: deadLetters.queue.queueArn },
        input: '{}',
      },
    });
    // A schedule that exists before its role's policy starts with a refusal.
    schedule.node.addDependency(role);
  }
}
