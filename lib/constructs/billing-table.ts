import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
  type GlobalSecondaryIndexPropsV2,
  type LocalSecondaryIndexProps,
} from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { CONTROL_KEYS, LEDGER_KEYS } from '../../core/contract/tables';
import type { TablePermission } from '../permissions';
import type { Access } from './access';

const text = (name: string) => ({ name, type: AttributeType.STRING });

export interface BillingTableProps {
  readonly tableName: string;
  readonly keys: { readonly partition: string; readonly sort: string };
  /** Default: none. */
  readonly localSecondaryIndexes?: LocalSecondaryIndexProps[];
  /** Default: none. */
  readonly globalSecondaryIndexes?: GlobalSecondaryIndexPropsV2[];
}

/** A table whose loss would be a loss of money: on demand, restorable, hard to delete. */
export class BillingTable extends Construct {
  readonly table: TableV2;

  constructor(scope: Construct, id: string, props: BillingTableProps) {
    super(scope, id);
    this.table = new TableV2(this, 'Table', {
      tableName: props.tableName,
      partitionKey: text(props.keys.partition),
      sortKey: text(props.keys.sort),
      localSecondaryIndexes: props.localSecondaryIndexes,
      globalSecondaryIndexes: props.globalSecondaryIndexes,
      billing: Billing.onDemand(),
      // The key that AWS keeps for DynamoDB in this account: its use stands in CloudTrail, and no
      // role needs a permission of its own for it.
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  /** The table's name for a function's environment and exactly the permission beside it. */
  access(permission: TablePermission): Access {
    const statements: PolicyStatement[] = [];
    if (permission.actions.length > 0) {
      statements.push(
        new PolicyStatement({
          actions: permission.actions.map((action) => `dynamodb:${action}`),
          resources: [this.table.tableArn],
        }),
      );
    }
    for (const index of permission.indexes ?? []) {
      statements.push(
        new PolicyStatement({
          actions: ['dynamodb:Query'],
          resources: [`${this.table.tableArn}/index/${index}`],
        }),
      );
    }
    return { value: this.table.tableName, statements };
  }
}

/** Accounts, runs and usage records. */
export function ledgerTable(scope: Construct, tableName: string): BillingTable {
  const { byDate, runById } = LEDGER_KEYS;
  return new BillingTable(scope, 'Ledger', {
    tableName,
    keys: LEDGER_KEYS,
    localSecondaryIndexes: [
      {
        indexName: byDate.index,
        sortKey: text(byDate.sort),
        projectionType: ProjectionType.ALL,
      },
    ],
    globalSecondaryIndexes: [
      {
        indexName: runById.index,
        partitionKey: text(runById.partition),
        sortKey: text(runById.sort),
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
  });
}

/** Policies, the directory of tenants, the tenants of machine clients, and the alerts. */
export function controlTable(scope: Construct, tableName: string): BillingTable {
  const { alertsByTenant, unsentAlerts } = CONTROL_KEYS;
  return new BillingTable(scope, 'Control', {
    tableName,
    keys: CONTROL_KEYS,
    globalSecondaryIndexes: [
      {
        indexName: alertsByTenant.index,
        partitionKey: text(alertsByTenant.partition),
        sortKey: text(alertsByTenant.sort),
        projectionType: ProjectionType.ALL,
      },
      {
        indexName: unsentAlerts.index,
        partitionKey: text(unsentAlerts.partition),
        sortKey: text(unsentAlerts.sort),
        projectionType: ProjectionType.KEYS_ONLY,
      },
    ],
  });
}
