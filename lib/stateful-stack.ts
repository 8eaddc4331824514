import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { AlertBus } from './constructs/alert-bus';
import { BillingFunction } from './constructs/billing-function';
import { controlTable, ledgerTable, type BillingTable } from './constructs/billing-table';
import { MachineIdentity } from './constructs/machine-identity';
import { PERMISSIONS } from './permissions';
import type { StageSettings } from './stage-settings';
import { variablesOf } from './variables';

export interface StatefulStackProps extends StackProps {
  readonly settings: StageSettings;
  readonly assetsDir: string;
}

/** What must outlive a deployment: the tables, the alert bus, the user pool with its clients. */
export class StatefulStack extends Stack {
  readonly ledger: BillingTable;
  readonly control: BillingTable;
  readonly alertBus: AlertBus;
  readonly issuer: string;
  readonly audience: readonly string[];
  /** Only where the stack makes the user pool. It stands here because the pool names it. */
  readonly tokenClaims?: BillingFunction<'token-claims'>;

  constructor(scope: Construct, id: string, props: StatefulStackProps) {
    super(scope, id, props);
    const { settings } = props;
    this.ledger = ledgerTable(this, `maestro-billing-${settings.stage}-ledger`);
    this.control = controlTable(this, `maestro-billing-${settings.stage}-control`);
    this.alertBus = new AlertBus(this, 'Alerts', settings);
    if (settings.oidc === undefined) {
      this.tokenClaims = this.tokenClaimsFunction(props);
      const identity = new MachineIdentity(this, 'Identity', {
        settings,
        tokenClaims: this.tokenClaims.lambda,
      });
      this.issuer = identity.issuer;
      this.audience = identity.audience;
      this.output('TokenEndpoint', identity.tokenEndpoint);
    } else {
      this.issuer = settings.oidc.issuer;
      this.audience = settings.oidc.audience;
    }
    this.output('Issuer', this.issuer);
    this.output('LedgerTableName', this.ledger.table.tableName);
    this.output('ControlTableName', this.control.table.tableName);
    this.output('AlertBusName', this.alertBus.bus.eventBusName);
  }

  private tokenClaimsFunction(props: StatefulStackProps): BillingFunction<'token-claims'> {
    return new BillingFunction(this, {
      name: 'token-claims',
      settings: props.settings,
      assetsDir: props.assetsDir,
      variables: variablesOf(props.settings)['token-claims'],
      access: { CONTROL_TABLE: this.control.access(PERMISSIONS['token-claims'].CONTROL_TABLE) },
    });
  }

  private output(id: string, value: string): void {
    new CfnOutput(this, id, { value });
  }
}
