import { Duration } from 'aws-cdk-lib';
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  Metric,
  PeriodOverride,
  Stats,
  type Alarm,
  type IMetric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { FunctionName } from '../../core/contract/functions';
import { FUNCTION_LIMITS } from '../function-limits';
import type { AlertRoute } from './alert-route';
import type { SweepQueue } from './sweeper';

export interface BillingDashboardProps {
  readonly stage: string;
  readonly alarms: readonly Alarm[];
  readonly apiStage: HttpStage;
  readonly functions: ReadonlyMap<FunctionName, IFunction>;
  readonly ledger: TableV2;
  readonly sweepQueue: SweepQueue;
  readonly alertRoutes: readonly AlertRoute[];
}

const WIDTH = 8;

/** One page, top to bottom: what is wrong, what callers see, functions, ledger, sweep, alerts. */
export class BillingDashboard extends Construct {
  constructor(scope: Construct, id: string, props: BillingDashboardProps) {
    super(scope, id);
    new Dashboard(this, 'Dashboard', {
      dashboardName: `maestro-billing-${props.stage}`,
      defaultInterval: Duration.hours(3),
      periodOverride: PeriodOverride.AUTO,
      widgets: [
        [
          new AlarmStatusWidget({
            title: 'Alarms',
            alarms: [...props.alarms],
            width: 24,
            height: 4,
          }),
        ],
        apiWidgets(props.apiStage),
        functionWidgets(props.functions),
        ledgerWidgets(props.ledger, props.sweepQueue),
        alertWidgets(props.alertRoutes),
      ],
    });
  }
}

function graph(title: string, left: IMetric[], right: IMetric[] = []): GraphWidget {
  return new GraphWidget({ title, left, right, width: WIDTH, height: 6 });
}

function apiWidgets(stage: HttpStage): GraphWidget[] {
  return [
    graph('Calls', [stage.metricCount({ statistic: Stats.SUM, label: 'calls' })]),
    graph('Refusals and failures', [
      stage.metricClientError({ statistic: Stats.SUM, label: '4xx (refusals among them)' }),
      stage.metricServerError({ statistic: Stats.SUM, label: '5xx' }),
    ]),
    graph(
      'Latency (ms)',
      [50, 95, 99].map((percent) =>
        stage.metricLatency({ statistic: Stats.p(percent), label: `p${percent}` }),
      ),
    ),
  ];
}

function functionWidgets(functions: BillingDashboardProps['functions']): GraphWidget[] {
  const all = [...functions];
  const hot = all.filter(([name]) => FUNCTION_LIMITS[name].isHot);
  return [
    graph(
      'Duration p99 (ms), hot functions',
      hot.map(([name, lambda]) => lambda.metricDuration({ statistic: Stats.p(99), label: name })),
    ),
    graph(
      'Crashes and timeouts',
      all.map(([name, lambda]) => lambda.metricErrors({ label: name })),
    ),
    graph(
      'Throttles, hot functions',
      hot.map(([name, lambda]) => lambda.metricThrottles({ label: name })),
    ),
  ];
}

function ledgerWidgets(ledger: TableV2, sweepQueue: SweepQueue): GraphWidget[] {
  const sum = (metric: string, label: string): IMetric =>
    ledger.metric(metric, { statistic: Stats.SUM, label });
  return [
    graph('Ledger: units', [
      sum('ConsumedWriteCapacityUnits', 'write units'),
      sum('ConsumedReadCapacityUnits', 'read units'),
    ]),
    graph('Ledger: writes that lost a race or were refused, throttles', [
      sum('ConditionalCheckFailedRequests', 'condition failed'),
      sum('WriteThrottleEvents', 'writes throttled'),
      sum('ReadThrottleEvents', 'reads throttled'),
    ]),
    graph(
      'Sweep',
      [
        sweepQueue.queue.metricNumberOfMessagesSent({ label: 'accounts planned' }),
        sweepQueue.queue.metricNumberOfMessagesDeleted({ label: 'accounts swept' }),
        sweepQueue.deadLetters.metricApproximateNumberOfMessagesVisible({ label: 'dead letters' }),
      ],
      [sweepQueue.queue.metricApproximateAgeOfOldestMessage({ label: 'oldest (s)' })],
    ),
  ];
}

function alertWidgets(routes: readonly AlertRoute[]): GraphWidget[] {
  if (routes.length === 0) return [];
  const ofRules = (metricName: string): IMetric[] =>
    routes.map(
      ({ name, busName, rule }) =>
        new Metric({
          namespace: 'AWS/Events',
          metricName,
          dimensionsMap: { EventBusName: busName, RuleName: rule.ruleName },
          statistic: Stats.SUM,
          label: name,
        }),
    );
  return [
    graph('Alerts taken by each route', ofRules('MatchedEvents')),
    graph('Alerts that could not be delivered', ofRules('FailedInvocations')),
    graph(
      'Alerts in the dead letters',
      routes.map(({ name, deadLetters }) =>
        deadLetters.metricApproximateNumberOfMessagesVisible({ label: name }),
      ),
    ),
  ];
}
