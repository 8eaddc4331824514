import { randomBytes, randomUUID } from 'node:crypto';
import type { GuardPorts } from '../../../core/guard/ports';
import { isLive } from '../../../core/ledger/account';
import { LEDGER_RULES } from '../../../core/ledger/rules';
import { createPolicySource } from '../../../core/policy/policy-source';
import { digest } from '../../../lambdas/composition/alert-ports';
import { MemoryAlertStore, RecordingBus } from '../../support/memory-alerts';
import { MemoryLedger } from '../../support/memory-ledger';
import { MemoryQuotaStore } from '../../support/memory-quotas';
import { largePolicy, POLICY_MEMORY_MS } from '../support/guard-handlers';

const UNUSED = () => Promise.reject(new Error('no call of the benchmark asks for this'));

/** Everything in the memory of this process: what is left of a call is the guard's own work. */
export function createMemoryPorts(nowMs: () => number): GuardPorts {
  const ledger = new MemoryLedger();
  const months = new Set<string>();
  return {
    ledger: {
      store: ledger,
      rules: LEDGER_RULES,
      nowMs,
      randomSuffix: () => randomBytes(6).toString('base64url'),
    },
    reader: {
      monthsOfRun: async (tenant, run) =>
        [...months].flatMap((month) => {
          const account = ledger.readNow({ level: 'run', tenant, month, run });
          return isLive(account) ? [{ month, account }] : [];
        }),
      usageOfRun: UNUSED,
      usageOfMonth: UNUSED,
      tenantsOfRun: UNUSED,
    },
    policies: createPolicySource({
      store: { read: async (tenant) => largePolicy(tenant), create: UNUSED, replace: UNUSED },
      defaultTerms: undefined,
      memoryMs: POLICY_MEMORY_MS,
      nowMs,
    }),
    directory: {
      add: async (_tenant, month) => void months.add(month),
      remove: async () => undefined,
      list: UNUSED,
    },
    history: { read: UNUSED, record: UNUSED },
    quotas: { store: new MemoryQuotaStore(), nowMs, seen: new Map() },
    alerts: {
      store: new MemoryAlertStore(),
      bus: new RecordingBus(),
      nowMs,
      digest,
      known: new Set(),
      onFault: (what, fault) => {
        throw new Error(what, { cause: fault });
      },
    },
    digest,
    newRunId: () => `run-${randomUUID()}`,
  };
}
