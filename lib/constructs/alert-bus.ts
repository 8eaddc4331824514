import { Duration } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { ALERT_EVENT_SOURCE } from '../../core/contract/alerts';
import type { BusPermission } from '../permissions';
import type { StageSettings } from '../stage-settings';
import type { Access } from './access';

/** Where alerts are put; rules in the other stack take them to people. */
export class AlertBus extends Construct {
  readonly bus: EventBus;

  constructor(scope: Construct, id: string, settings: StageSettings) {
    super(scope, id);
    const name = `maestro-billing-${settings.stage}-alerts`;
    this.bus = new EventBus(this, 'Bus', {
      eventBusName: name,
      description: `Alerts of Maestro Billing, ${settings.stage}`,
    });
    // What a route failed to deliver is played again from here, to that route's rule alone.
    this.bus.archive('Archive', {
      archiveName: name,
      description: `Alerts of the last ${settings.alertArchiveDays} days`,
      eventPattern: { source: [ALERT_EVENT_SOURCE] },
      retention: Duration.days(settings.alertArchiveDays),
    });
  }

  /** The bus's name for a function's environment, and the right to put alerts on it. */
  access(permission: BusPermission): Access {
    return {
      value: this.bus.eventBusName,
      statements: [
        new PolicyStatement({
          actions: permission.actions.map((action) => `events:${action}`),
          resources: [this.bus.eventBusArn],
          // Nobody may speak in another's name.
          conditions: { StringEquals: { 'events:source': ALERT_EVENT_SOURCE } },
        }),
      ],
    };
  }
}
