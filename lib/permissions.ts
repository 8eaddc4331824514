import type { EnvironmentByFunction } from '../core/contract/environment';
import type { FunctionName } from '../core/contract/functions';
import { CONTROL_KEYS, LEDGER_KEYS } from '../core/contract/tables';

/** Variables that name a resource: a function gets each one together with its permission. */
export type ResourceVariable = 'LEDGER_TABLE' | 'CONTROL_TABLE' | 'SWEEP_QUEUE_URL' | 'ALERT_BUS';

export type ResourcesOf<Name extends FunctionName> = Extract<
  keyof EnvironmentByFunction[Name],
  ResourceVariable
>;

export type TableAction = 'GetItem' | 'PutItem' | 'UpdateItem' | 'Query';

/** What a function may do with a table; without either it gets the table's name alone. */
export interface TablePermission {
  /** On the table itself. */
  readonly actions: readonly TableAction[];
  /** Indexes that may be queried. */
  readonly indexes?: readonly string[];
}

export interface QueuePermission {
  readonly actions: readonly 'SendMessage'[];
}

export interface BusPermission {
  readonly actions: readonly 'PutEvents'[];
}

export interface PermissionByResource {
  readonly LEDGER_TABLE: TablePermission;
  readonly CONTROL_TABLE: TablePermission;
  readonly SWEEP_QUEUE_URL: QueuePermission;
  readonly ALERT_BUS: BusPermission;
}

export type PermissionsOf<Name extends FunctionName> = Pick<
  PermissionByResource,
  ResourcesOf<Name>
>;

const { runById, byDate } = LEDGER_KEYS;
const { alertsByTenant, unsentAlerts } = CONTROL_KEYS;
const NAME_ONLY = { actions: [] } as const;
/** Storing an alert is a put; counting a repeat and marking it as sent are updates. */
const RAISE_ALERTS = { actions: ['PutEvents'] } as const;

/**
 * Who may do what. Every function has a role of its own with exactly this, the right to write its
 * own log and the right to send traces. No function may scan, delete, or run a transaction.
 */
export const PERMISSIONS: { readonly [Name in FunctionName]: PermissionsOf<Name> } = {
  'create-run': {
    LEDGER_TABLE: { actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'] },
    CONTROL_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'check-step': {
    LEDGER_TABLE: {
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
      indexes: [runById.index],
    },
    CONTROL_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'record-usage': {
    LEDGER_TABLE: {
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
      indexes: [runById.index],
    },
    CONTROL_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'complete-run': {
    LEDGER_TABLE: {
      actions: ['GetItem', 'Query', 'PutItem', 'UpdateItem'],
      indexes: [runById.index],
    },
    CONTROL_TABLE: { actions: ['PutItem', 'UpdateItem'] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'read-run': {
    LEDGER_TABLE: { actions: ['GetItem', 'Query'], indexes: [runById.index] },
    CONTROL_TABLE: NAME_ONLY,
  },
  'read-policy': {
    LEDGER_TABLE: NAME_ONLY,
    CONTROL_TABLE: { actions: ['GetItem'] },
  },
  'write-policy': {
    LEDGER_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    CONTROL_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
  },
  'read-budget': {
    LEDGER_TABLE: { actions: ['GetItem'] },
    CONTROL_TABLE: { actions: ['GetItem'] },
  },
  'list-usage': {
    LEDGER_TABLE: { actions: [], indexes: [byDate.index] },
    CONTROL_TABLE: NAME_ONLY,
  },
  'list-alerts': {
    CONTROL_TABLE: { actions: [], indexes: [alertsByTenant.index] },
  },
  'acknowledge-alert': {
    CONTROL_TABLE: { actions: ['GetItem', 'UpdateItem'] },
  },
  healthz: {
    LEDGER_TABLE: { actions: ['GetItem'] },
    CONTROL_TABLE: NAME_ONLY,
  },
  openapi: {},
  'not-found': {},
  'sweep-plan': {
    LEDGER_TABLE: NAME_ONLY,
    CONTROL_TABLE: { actions: ['Query'] },
    SWEEP_QUEUE_URL: { actions: ['SendMessage'] },
  },
  'sweep-account': {
    LEDGER_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    CONTROL_TABLE: { actions: ['GetItem', 'PutItem', 'UpdateItem'] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'send-alerts': {
    CONTROL_TABLE: { actions: ['GetItem', 'UpdateItem'], indexes: [unsentAlerts.index] },
    ALERT_BUS: RAISE_ALERTS,
  },
  'token-claims': {
    CONTROL_TABLE: { actions: ['GetItem'] },
  },
};
