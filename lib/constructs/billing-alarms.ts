import { Duration } from 'aws-cdk-lib';
import {
  ComparisonOperator,
  MathExpression,
  Stats,
  TreatMissingData,
  type Alarm,
  type Metric,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { HttpStage } from 'aws-cdk-lib/aws-apigatewayv2';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/functions';
import { CONTROL_KEYS, LEDGER_KEYS } from '../../core/contract/tables';
import { FUNCTION_LIMITS } from '../function-limits';
import type { StageSettings } from '../stage-settings';
import type { AlertFaults } from './alert-faults';
import type { AlertRoute } from './alert-route';
import { ExplainedAlarm, sumOf, type ExplainedAlarmProps } from './explained-alarm';
import type { ScheduleDeadLetters } from './function-schedule';
import type { SweepQueue } from './sweeper';

/** What it means when a function crashes, runs out of time, or does not start. */
const MEANING_OF_ERRORS: Readonly<Record<FunctionName, string>> = {
  'create-run': 'Run checks crash: no run can start, since the guard fails closed.',
  'check-step': 'Step checks crash: running pipelines stand still, since the guard fails closed.',
  'record-usage':
    'Usage cannot be booked: money that was spent stays reserved until callers repeat the call.',
  'complete-run':
    'Runs cannot be completed: what they did not spend stays reserved until their deadline.',
  'read-run': 'Runs cannot be read; admission is not affected.',
  'read-policy': 'Policies cannot be read over the API; admission is not affected.',
  'write-policy': 'Policies cannot be changed; the old limits go on holding.',
  'read-budget': 'Budget figures cannot be read; admission is not affected.',
  'list-usage': 'Usage cannot be listed; booking is not affected.',
  'list-alerts': 'Alerts cannot be listed; they are still sent.',
  'acknowledge-alert': 'Alerts cannot be acknowledged; they are still sent.',
  healthz: 'The health check crashes; whoever watches it takes the guard for down.',
  openapi: 'The OpenAPI description cannot be read; nothing else is affected.',
  'not-found': 'Unknown paths are answered with a bare 500 in place of a problem document.',
  'sweep-plan': 'Sweeps are not planned: abandoned runs keep their reservations.',
  'sweep-account': 'Accounts cannot be swept: abandoned runs keep their reservations.',
  'send-alerts':
    'Alerts that were stored and not sent stay unsent: somebody may not hear of a budget that is hit.',
  'token-claims': 'Cognito cannot issue tokens: callers are locked out as their tokens expire.',
};

/** Global indexes have a throughput of their own, and count their throttling apart. */
const INDEXES = {
  ledger: [LEDGER_KEYS.runById.index],
  control: [CONTROL_KEYS.alertsByTenant.index, CONTROL_KEYS.unsentAlerts.index],
} as const;

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

export interface BillingAlarmsProps {
  readonly settings: StageSettings;
  readonly topic: ITopic;
  /** The functions that exist in this stage. */
  readonly functions: ReadonlyMap<FunctionName, IFunction>;
  readonly apiStage: HttpStage;
  readonly ledger: TableV2;
  readonly control: TableV2;
  readonly sweepQueue: SweepQueue;
  readonly scheduleDeadLetters: ScheduleDeadLetters;
  readonly alertFaults: AlertFaults;
  readonly alertRoutes: readonly AlertRoute[];
}

/** Every alarm of the product. */
export class BillingAlarms extends Construct {
  readonly alarms: Alarm[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: BillingAlarmsProps,
  ) {
    super(scope, id);
    for (const name of FUNCTION_NAMES) {
      const lambda = props.functions.get(name);
      if (lambda !== undefined) this.watchFunction(name, lambda);
    }
    this.watchApi(props.apiStage);
    this.watchTable('ledger', props.ledger);
    this.watchTable('control', props.control);
    this.watchSweep();
    this.watchAlerts();
  }

  private add(alarm: Omit<ExplainedAlarmProps, 'stage' | 'topic'>): void {
    const { settings, topic } = this.props;
    const made = new ExplainedAlarm(this, { ...alarm, stage: settings.stage, topic });
    this.alarms.push(made.alarm);
  }

  private watchFunction(name: FunctionName, lambda: IFunction): void {
    this.add({
      name: `${name}-errors`,
      meaning: MEANING_OF_ERRORS[name],
      runbook: name === 'token-claims' ? 'token-errors' : 'function-errors',
      metric: lambda.metricErrors({ period: FIVE_MINUTES }),
      threshold: 1,
    });
    if (FUNCTION_LIMITS[name].isHot) {
      this.add({
        name: `${name}-throttles`,
        meaning: `Calls of ${name} are turned away for want of concurrency: pipelines wait or fail.`,
        runbook: 'function-throttles',
        metric: lambda.metricThrottles({ period: MINUTE }),
        threshold: 1,
        periods: 5,
        periodsBeyond: 3,
      });
    }
  }

  private watchApi(stage: HttpStage): void {
    this.add({
      name: 'api-server-errors',
      meaning:
        'More than 1 % of calls are answered 5xx: the guard fails closed and pipelines stop.',
      runbook: 'api-server-errors',
      metric: new MathExpression({
        // Under 20 calls a minute one failure alone would be more than any percentage.
        expression: 'IF(calls >= 20, 100 * FILL(failed, 0) / calls, 0)',
        usingMetrics: {
          failed: stage.metricServerError({ period: MINUTE, statistic: Stats.SUM }),
          calls: stage.metricCount({ period: MINUTE, statistic: Stats.SUM }),
        },
        label: '5xx, % of calls',
        period: MINUTE,
      }),
      threshold: 1,
      periods: 5,
      periodsBeyond: 3,
    });
    this.add({
      name: 'api-latency',
      meaning:
        'One call in a hundred takes over a second: every step of every pipeline waits for the guard.',
      runbook: 'api-latency',
      metric: stage.metricLatency({ period: FIVE_MINUTES, statistic: Stats.p(99) }),
      threshold: 1000,
      periods: 3,
    });
  }

  private watchTable(name: 'ledger' | 'control', table: TableV2): void {
    const throttles = ['ReadThrottleEvents', 'WriteThrottleEvents'];
    const ofIndexes = INDEXES[name].flatMap((index) =>
      throttles.map((metric) =>
        table.metric(metric, {
          period: MINUTE,
          statistic: Stats.SUM,
          dimensionsMap: { TableName: table.tableName, GlobalSecondaryIndexName: index },
        }),
      ),
    );
    const ofTable = throttles.map((metric) =>
      table.metric(metric, { period: MINUTE, statistic: Stats.SUM }),
    );
    this.add({
      name: `${name}-throttles`,
      meaning: `DynamoDB turns requests to the ${name} table away: decisions come late or not at all.`,
      runbook: 'table-throttles',
      metric: sumOf([...ofTable, ...ofIndexes], `${name}: throttled requests`, MINUTE),
      threshold: 1,
      periods: 5,
      periodsBeyond: 3,
    });
    this.add({
      name: `${name}-system-errors`,
      meaning: `DynamoDB itself fails on the ${name} table: calls end in 503 LEDGER_UNAVAILABLE.`,
      runbook: 'table-system-errors',
      metric: sumOf(
        ['GetItem', 'PutItem', 'UpdateItem', 'Query'].map((operation) =>
          table.metric('SystemErrors', {
            period: FIVE_MINUTES,
            statistic: Stats.SUM,
            dimensionsMap: { TableName: table.tableName, Operation: operation },
          }),
        ),
        `${name}: errors of DynamoDB`,
        FIVE_MINUTES,
      ),
      threshold: 5,
    });
  }

  private watchSweep(): void {
    const { sweepQueue, scheduleDeadLetters, settings } = this.props;
    this.add({
      name: 'sweep-dead-letters',
      meaning:
        'An account could not be swept in five tries: its abandoned runs keep their reservations.',
      runbook: 'sweep-dead-letters',
      metric: deadLettersIn(sweepQueue.deadLetters),
      threshold: 1,
    });
    this.add({
      name: 'schedule-dead-letters',
      meaning:
        'The scheduler could not start a function: sweeps or the sending of alerts were left out.',
      runbook: 'schedule-dead-letters',
      metric: deadLettersIn(scheduleDeadLetters.queue),
      threshold: 1,
    });
    this.add({
      name: 'sweep-behind',
      meaning:
        'Accounts wait over 15 minutes to be swept: reservations of abandoned runs come back late.',
      runbook: 'sweep-behind',
      metric: sweepQueue.queue.metricApproximateAgeOfOldestMessage({
        period: FIVE_MINUTES,
        statistic: Stats.MAXIMUM,
      }),
      threshold: 900,
    });
    this.watchSchedule('sweep-plan', settings.sweepRateMinutes, {
      name: 'sweep-has-not-run',
      meaning:
        'No sweep has been planned: abandoned runs keep their reservations and budgets fill up.',
      runbook: 'sweep-has-not-run',
    });
  }

  private watchAlerts(): void {
    this.watchSchedule('send-alerts', 1, {
      name: 'send-alerts-has-not-run',
      meaning: 'Nobody looks for alerts that were stored and not sent: some may never be heard of.',
      runbook: 'send-alerts-has-not-run',
    });
    this.add({
      name: 'alerts-not-stored',
      meaning: 'An alert could not be stored: a budget may be hit of which nobody is told.',
      runbook: 'alerts-not-stored',
      metric: this.props.alertFaults.notStored,
      threshold: 1,
    });
    this.add({
      name: 'alerts-not-sent',
      meaning: 'The event bus takes no alerts: they are stored, and nobody is told of them.',
      runbook: 'alerts-not-sent',
      metric: this.props.alertFaults.notSent,
      threshold: 1,
      periods: 2,
    });
    for (const route of this.props.alertRoutes) {
      this.add({
        name: `alerts-${route.name}-dead-letters`,
        meaning: route.meaningOfDeadLetters,
        runbook: route.runbook,
        metric: deadLettersIn(route.deadLetters),
        threshold: 1,
      });
    }
  }

  /** Here silence is the trouble. */
  private watchSchedule(
    name: FunctionName,
    everyMinutes: number,
    alarm: Pick<ExplainedAlarmProps, 'name' | 'meaning' | 'runbook'>,
  ): void {
    const lambda = this.props.functions.get(name);
    if (lambda === undefined) throw new Error(`${name} must exist to be watched`);
    // Long enough for three starts, so that a single one that failed wakes nobody.
    const period = Duration.minutes(Math.max(10, 3 * everyMinutes));
    this.add({
      ...alarm,
      metric: new MathExpression({
        expression: 'FILL(started, 0) - FILL(failed, 0)',
        usingMetrics: {
          started: lambda.metricInvocations({ period }),
          failed: lambda.metricErrors({ period }),
        },
        label: `${name}: starts that succeeded`,
        period,
      }),
      threshold: 1,
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      missingData: TreatMissingData.BREACHING,
    });
  }
}

function deadLettersIn(queue: IQueue): Metric {
  return queue.metricApproximateNumberOfMessagesVisible({
    period: FIVE_MINUTES,
    statistic: Stats.MAXIMUM,
  });
}
