import { join } from 'node:path';
import type { GuardPorts } from '../../../core/guard/ports';
import type { PolicyStore } from '../../../core/policy/policy-store';
import { createDynamoClients, type DynamoClients } from '../../../lambdas/adapters/dynamodb/client';
import { createGuardPorts } from '../../../lambdas/composition/guard-ports';
import { createLogger } from '../../../lambdas/observability/logger';
import type { EngineName } from '../../../local/settings';
import type { TableShape } from '../units/capacity';
import { startChild, type Child } from './child-process';
import { POLICY_MEMORY_MS } from './guard-handlers';

/** Building comes first where the sources have changed. */
const START_PATIENCE_MS = 240_000;
const SECOND_MS = 1_000;

export interface EngineTables {
  readonly endpoint: string;
  readonly ledgerTable: string;
  readonly controlTable: string;
  /** Keys and indexes of all tables, as the app is synthesized. */
  readonly shapes: readonly TableShape[];
}

/** Starts an engine with empty tables in a process of its own. */
export function startEngineProcess(engine: EngineName): Promise<Child<EngineTables>> {
  return startChild({
    name: `the engine ${engine}`,
    args: ['--import', 'tsx', join(__dirname, 'engine-process.ts'), engine],
    readyOn: (line) => (line.startsWith('{') ? (JSON.parse(line) as EngineTables) : undefined),
    patienceMs: START_PATIENCE_MS,
  });
}

/** The SDK's clients as the functions make them, pointed at the engine. */
export function clientsOf({ endpoint }: EngineTables): DynamoClients {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
  return createDynamoClients();
}

/**
 * The ports as the functions are composed with, but for the clock and for the alert bus, which takes
 * every alert and tells nobody.
 */
export function enginePorts(
  clients: DynamoClients,
  tables: EngineTables,
  nowMs: () => number,
): GuardPorts & { readonly policyStore: PolicyStore } {
  const now = () => new Date(nowMs());
  const ports = createGuardPorts(
    {
      LEDGER_TABLE: tables.ledgerTable,
      CONTROL_TABLE: tables.controlTable,
      POLICY_CACHE_SECONDS: POLICY_MEMORY_MS / SECOND_MS,
    },
    createLogger({ service: 'bench', stage: 'bench', level: 'WARN', now }),
    clients,
  );
  return {
    ...ports,
    ledger: { ...ports.ledger, nowMs },
    quotas: { ...ports.quotas, nowMs },
    alerts: {
      ...ports.alerts,
      nowMs,
      bus: { send: async (alerts) => alerts.map(({ alertId }) => alertId) },
    },
  };
}
