import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { BASE_PATH, FUNCTION_NAMES, type FunctionName } from '../core/contract/functions';
import type { Access } from './constructs/access';
import { AlarmTopic } from './constructs/alarm-topic';
import { AlertFaults } from './constructs/alert-faults';
import { AlertRouting } from './constructs/alert-routing';
import { BillingAlarms, type BillingAlarmsProps } from './constructs/billing-alarms';
import { BillingApi } from './constructs/billing-api';
import { BillingDashboard } from './constructs/billing-dashboard';
import { BillingFunction, type AccessOf } from './constructs/billing-function';
import { FunctionSchedule, ScheduleDeadLetters } from './constructs/function-schedule';
import { Sweeper, SweepQueue } from './constructs/sweeper';
import { PERMISSIONS, type PermissionByResource, type ResourceVariable } from './permissions';
import type { StageSettings } from './stage-settings';
import type { StatefulStack } from './stateful-stack';
import { variablesOf } from './variables';

export interface StatelessStackProps extends StackProps {
  readonly settings: StageSettings;
  readonly assetsDir: string;
  readonly stateful: StatefulStack;
}

type Resources = {
  readonly [Variable in ResourceVariable]: {
    access(permission: PermissionByResource[Variable]): Access;
  };
};

/** What may be replaced at any time: functions, API, sweeper, alert routes, alarms, dashboard. */
export class StatelessStack extends Stack {
  private readonly functions = new Map<FunctionName, BillingFunction<FunctionName>>();

  constructor(scope: Construct, id: string, props: StatelessStackProps) {
    super(scope, id, props);
    const { settings, stateful } = props;
    const queue = new SweepQueue(this, 'SweepQueue', settings.stage);
    const resources: Resources = {
      LEDGER_TABLE: stateful.ledger,
      CONTROL_TABLE: stateful.control,
      SWEEP_QUEUE_URL: queue,
      ALERT_BUS: stateful.alertBus,
    };
    for (const name of FUNCTION_NAMES) {
      // Stands beside the user pool that names it.
      if (name !== 'token-claims') this.addFunction(name, props, resources);
    }
    const api = new BillingApi(this, 'HttpApi', {
      settings,
      issuer: stateful.issuer,
      audience: stateful.audience,
      functionOf: (name) => this.functionOf(name).lambda,
    });
    const scheduleDeadLetters = new ScheduleDeadLetters(
      this,
      'ScheduleDeadLetters',
      settings.stage,
    );
    new Sweeper(this, 'Sweeper', {
      settings,
      queue,
      plan: this.functionOf('sweep-plan').lambda,
      account: this.functionOf('sweep-account').lambda,
      scheduleDeadLetters,
    });
    new FunctionSchedule(this, 'SendAlerts', {
      name: 'send-alerts',
      stage: settings.stage,
      description: 'Sends the alerts that were stored and not sent',
      everyMinutes: 1,
      target: this.functionOf('send-alerts').lambda,
      deadLetters: scheduleDeadLetters,
    });
    const alertRoutes = new AlertRouting(this, 'AlertRouting', {
      settings,
      bus: stateful.alertBus.bus,
    }).routes;
    this.addOperations(props, {
      apiStage: api.stage,
      sweepQueue: queue,
      scheduleDeadLetters,
      alertRoutes,
    });
    new CfnOutput(this, 'ApiUrl', { value: `${api.url}${BASE_PATH}` });
  }

  private addFunction<Name extends FunctionName>(
    name: Name,
    props: StatelessStackProps,
    resources: Resources,
  ): void {
    const made = new BillingFunction(this, {
      name,
      settings: props.settings,
      assetsDir: props.assetsDir,
      variables: variablesOf(props.settings)[name],
      access: accessOf(name, resources),
    });
    this.functions.set(name, made);
  }

  private addOperations(
    { settings, stateful }: StatelessStackProps,
    watched: Pick<
      BillingAlarmsProps,
      'apiStage' | 'sweepQueue' | 'scheduleDeadLetters' | 'alertRoutes'
    >,
  ): void {
    const made = [
      ...this.functions.values(),
      ...(stateful.tokenClaims ? [stateful.tokenClaims] : []),
    ];
    const functions = new Map(made.map((one) => [one.name, one.lambda]));
    const { topic } = new AlarmTopic(this, 'AlarmTopic', settings);
    const { alarms } = new BillingAlarms(this, 'Alarms', {
      ...watched,
      settings,
      topic,
      functions,
      alertFaults: new AlertFaults(this, 'AlertFaults', {
        stage: settings.stage,
        functions: [...this.functions.values()],
      }),
      ledger: stateful.ledger.table,
      control: stateful.control.table,
    });
    new BillingDashboard(this, 'Dashboard', {
      ...watched,
      stage: settings.stage,
      alarms,
      functions,
      ledger: stateful.ledger.table,
    });
    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
  }

  private functionOf(name: FunctionName): BillingFunction<FunctionName> {
    const found = this.functions.get(name);
    if (found === undefined) throw new Error(`No function ${name} in this stack`);
    return found;
  }
}

/** The rows of the permission table turned into what the resources give for them. */
function accessOf<Name extends FunctionName>(name: Name, resources: Resources): AccessOf<Name> {
  const permissions: Partial<PermissionByResource> = PERMISSIONS[name];
  const access: Partial<Record<ResourceVariable, Access>> = {};
  if (permissions.LEDGER_TABLE) {
    access.LEDGER_TABLE = resources.LEDGER_TABLE.access(permissions.LEDGER_TABLE);
  }
  if (permissions.CONTROL_TABLE) {
    access.CONTROL_TABLE = resources.CONTROL_TABLE.access(permissions.CONTROL_TABLE);
  }
  if (permissions.SWEEP_QUEUE_URL) {
    access.SWEEP_QUEUE_URL = resources.SWEEP_QUEUE_URL.access(permissions.SWEEP_QUEUE_URL);
  }
  if (permissions.ALERT_BUS) {
    access.ALERT_BUS = resources.ALERT_BUS.access(permissions.ALERT_BUS);
  }
  // PERMISSIONS is typed to have a row for each resource that the function's environment names.
  return access as AccessOf<Name>;
}
