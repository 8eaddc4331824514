import { Duration } from 'aws-cdk-lib';
import { Stats, type Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, MetricFilter } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../../core/contract/functions';
import { PERMISSIONS } from '../permissions';
import type { BillingFunction } from './billing-function';

/** What core/alerts logs. A decision never depends on an alert, so no call fails of it. */
export const NOT_STORED = 'an alert could not be stored';
export const NOT_SENT = 'alerts could not be sent';

export interface AlertFaultsProps {
  readonly stage: string;
  readonly functions: readonly BillingFunction<FunctionName>[];
}

/** Counts in the logs what nobody would notice otherwise: alerts that were lost or are stuck. */
export class AlertFaults extends Construct {
  readonly notStored: Metric;
  /** Told by `send-alerts` alone: it tries again what others could not send. */
  readonly notSent: Metric;

  constructor(scope: Construct, id: string, props: AlertFaultsProps) {
    super(scope, id);
    const sending = props.functions.filter(({ name }) => 'ALERT_BUS' in PERMISSIONS[name]);
    const isSender = ({ name }: BillingFunction<FunctionName>) => name === 'send-alerts';
    this.notStored = this.count(
      NOT_STORED,
      sending.filter((one) => !isSender(one)),
      { namespace: `MaestroBilling/${props.stage}`, name: 'AlertsNotStored' },
    );
    this.notSent = this.count(NOT_SENT, sending.filter(isSender), {
      namespace: `MaestroBilling/${props.stage}`,
      name: 'AlertsNotSent',
    });
  }

  private count(
    message: string,
    functions: AlertFaultsProps['functions'],
    metric: { readonly namespace: string; readonly name: string },
  ): Metric {
    const [first] = functions.map(
      ({ name, logGroup }) =>
        new MetricFilter(this, `${metric.name}By${name}`, {
          logGroup,
          filterPattern: FilterPattern.literal(`"${message}"`),
          metricNamespace: metric.namespace,
          metricName: metric.name,
        }),
    );
    if (first === undefined) throw new Error('No function sends alerts');
    return first.metric({ statistic: Stats.SUM, period: Duration.minutes(5) });
  }
}
