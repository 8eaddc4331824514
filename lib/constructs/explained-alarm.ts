import type { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  TreatMissingData,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

export const ALARM_RUNBOOK = 'docs/maestro/runbooks/alarms.md';

/** The sections of the runbook; each is a heading of that name in ALARM_RUNBOOK. */
export const RUNBOOK_SECTIONS = [
  'function-errors',
  'function-throttles',
  'token-errors',
  'api-server-errors',
  'api-latency',
  'table-throttles',
  'table-system-errors',
  'sweep-dead-letters',
  'schedule-dead-letters',
  'sweep-behind',
  'sweep-has-not-run',
  'send-alerts-has-not-run',
  'alerts-not-stored',
  'alerts-not-sent',
  'alert-email-dead-letters',
  'alert-pagerduty-dead-letters',
  'alert-webhook-dead-letters',
] as const;

export type RunbookSection = (typeof RUNBOOK_SECTIONS)[number];

export interface ExplainedAlarmProps {
  /** Last part of the alarm's name. */
  readonly name: string;
  readonly stage: string;
  /** What it means for callers or for money when this fires: a sentence for somebody woken up. */
  readonly meaning: string;
  readonly runbook: RunbookSection;
  readonly metric: IMetric;
  /** Fires at this value and beyond it. */
  readonly threshold: number;
  /** Default: at or above the threshold. */
  readonly comparison?: ComparisonOperator;
  /** Periods looked at. Default 1. */
  readonly periods?: number;
  /** Periods of those that must be beyond the threshold. Default: all of them. */
  readonly periodsBeyond?: number;
  /** Default: no data is no trouble. */
  readonly missingData?: TreatMissingData;
  readonly topic: ITopic;
}

/** An alarm that says what its firing means and where to read what to do. */
export class ExplainedAlarm extends Construct {
  readonly alarm: Alarm;

  constructor(scope: Construct, props: ExplainedAlarmProps) {
    super(scope, props.name);
    const action = new SnsAction(props.topic);
    this.alarm = new Alarm(this, 'Alarm', {
      alarmName: `maestro-billing-${props.stage}-${props.name}`,
      alarmDescription: `${props.meaning} Runbook: ${ALARM_RUNBOOK}#${props.runbook}`,
      metric: props.metric,
      threshold: props.threshold,
      comparisonOperator: props.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: props.periods ?? 1,
      datapointsToAlarm: props.periodsBeyond ?? props.periods ?? 1,
      treatMissingData: props.missingData ?? TreatMissingData.NOT_BREACHING,
    });
    this.alarm.addAlarmAction(action);
    this.alarm.addOkAction(action);
  }
}

/** The sum of metrics, each taken as zero where it has no data. */
export function sumOf(
  metrics: readonly IMetric[],
  label: string,
  period: Duration,
): MathExpression {
  const names = metrics.map((_, index) => `m${index}`);
  return new MathExpression({
    expression: `SUM([${names.map((name) => `FILL(${name}, 0)`).join(', ')}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])),
    label,
    period,
  });
}
