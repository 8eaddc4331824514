import { randomBytes, randomUUID } from 'node:crypto';
import type { GuardPorts } from '../../core/guard/ports';
import { LEDGER_RULES } from '../../core/ledger/rules';
import type { PolicyTerms } from '../../core/policy/policy';
import { createPolicySource } from '../../core/policy/policy-source';
import type { PolicyStore } from '../../core/policy/policy-store';
import { createDynamoClients, type DynamoClients } from '../adapters/dynamodb/client';
import { createLedgerReader } from '../adapters/dynamodb/ledger-reader';
import { createLedgerStore } from '../adapters/dynamodb/ledger-store';
import { createMonthDirectory } from '../adapters/dynamodb/month-directory';
import { createPolicyStore } from '../adapters/dynamodb/policy-store';
import { createQuotaStore } from '../adapters/dynamodb/quota-store';
import { createSpendHistory } from '../adapters/dynamodb/spend-history';
import type { Logger } from '../observability/logger';
import { createAlertPorts, digest } from './alert-ports';

const SUFFIX_BYTES = 6;
const SECOND_MS = 1_000;

export interface GuardEnvironment {
  readonly LEDGER_TABLE: string;
  readonly CONTROL_TABLE: string;
  readonly DEFAULT_POLICY?: PolicyTerms | undefined;
  readonly POLICY_CACHE_SECONDS?: number;
  readonly ALERT_BUS?: string;
}

/** The use cases' ports on DynamoDB, the real clock and real randomness. */
export function createGuardPorts(
  environment: GuardEnvironment,
  logger: Logger,
  clients: DynamoClients = createDynamoClients(),
): GuardPorts & { readonly policyStore: PolicyStore } {
  const { LEDGER_TABLE: ledgerTable, CONTROL_TABLE: controlTable } = environment;
  const nowMs = (): number => Date.now();
  const policyStore = createPolicyStore(clients.retrying, controlTable);
  return {
    ledger: {
      store: createLedgerStore(clients, ledgerTable),
      rules: LEDGER_RULES,
      nowMs,
      randomSuffix: () => randomBytes(SUFFIX_BYTES).toString('base64url'),
    },
    reader: createLedgerReader(clients.retrying, ledgerTable),
    policies: createPolicySource({
      store: policyStore,
      defaultTerms: environment.DEFAULT_POLICY,
      memoryMs: (environment.POLICY_CACHE_SECONDS ?? 0) * SECOND_MS,
      nowMs,
    }),
    directory: createMonthDirectory(clients.retrying, controlTable),
    history: createSpendHistory(clients.retrying, controlTable),
    quotas: { store: createQuotaStore(clients, controlTable), nowMs, seen: new Map() },
    alerts: createAlertPorts({ clients, controlTable, bus: environment.ALERT_BUS, logger }),
    digest,
    newRunId: () => `run-${randomUUID()}`,
    policyStore,
  };
}
