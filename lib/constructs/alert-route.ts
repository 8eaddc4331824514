import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Rule, type IEventBus, type IRuleTarget } from 'aws-cdk-lib/aws-events';
import type { TargetBaseProps } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { ALERT_EVENT_SOURCE } from '../../core/contract/alerts';
import type { AlertSelection } from '../alert-settings';
import type { RunbookSection } from './explained-alarm';

export type AlertRouteName = 'email' | 'pagerduty' | 'webhook';

export interface AlertRouteProps {
  readonly name: AlertRouteName;
  readonly stage: string;
  readonly bus: IEventBus;
  readonly selection: AlertSelection;
  /** What it means for people when alerts end in the dead letters. */
  readonly meaningOfDeadLetters: string;
  readonly runbook: RunbookSection;
  /** Makes the target; it must be given what it is handed: the retries and the dead letters. */
  readonly target: (delivery: TargetBaseProps) => IRuleTarget;
}

/** One rule of the alert bus that takes the alerts of some severities and types to one target. */
export class AlertRoute extends Construct {
  readonly name: AlertRouteName;
  readonly busName: string;
  readonly rule: Rule;
  readonly deadLetters: Queue;
  readonly meaningOfDeadLetters: string;
  readonly runbook: RunbookSection;

  constructor(scope: Construct, id: string, props: AlertRouteProps) {
    super(scope, id);
    const { name, stage, selection } = props;
    this.name = name;
    this.busName = props.bus.eventBusName;
    this.meaningOfDeadLetters = props.meaningOfDeadLetters;
    this.runbook = props.runbook;
    this.deadLetters = new Queue(this, 'DeadLetters', {
      queueName: `maestro-billing-${stage}-alerts-${name}-dead-letters`,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    Validations.of(this.deadLetters).acknowledge({
      id: 'AwsSolutions-SQS3',
      reason: 'It is itself a dead-letter queue, of a rule; the rule knows those of queues alone.',
    });
    this.rule = new Rule(this, 'Rule', {
      ruleName: `maestro-billing-${stage}-alerts-${name}`,
      description: `Alerts (${selection.severities.join(', ')}) to ${name}`,
      eventBus: props.bus,
      eventPattern: {
        source: [ALERT_EVENT_SOURCE],
        ...(selection.types && { detailType: [...selection.types] }),
        detail: { severity: [...selection.severities] },
      },
      targets: [
        props.target({
          deadLetterQueue: this.deadLetters,
          // After an hour the alarm on the dead letters tells people sooner than another try.
          maxEventAge: Duration.hours(1),
          retryAttempts: 185,
        }),
      ],
    });
  }
}

/** A role for EventBridge of this account; what it may do is up to the target. */
export function deliveryRole(scope: Construct, id: string): Role {
  return new Role(scope, id, {
    assumedBy: new ServicePrincipal('events.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  });
}
