import { createHash, randomBytes } from 'node:crypto';
import type { GuardPorts } from '../../core/guard/ports';
import { heldIn, imbalanceOf, type Account } from '../../core/ledger/account';
import { childRefOf, type TenantMonthRef } from '../../core/ledger/account-ref';
import { LEDGER_RULES } from '../../core/ledger/rules';
import type { WriteName } from '../../core/ledger/write';
import { parseUsd, type NanoUsd } from '../../core/money/nano-usd';
import type { BudgetPolicy, PolicyTerms, QuotaPolicy, TenantRate } from '../../core/policy/policy';
import { createPolicySource } from '../../core/policy/policy-source';
import type { PolicyStore } from '../../core/policy/policy-store';
import { writePolicy } from '../../core/policy/write-policy';
import { createAlertStore } from '../../lambdas/adapters/dynamodb/alert-store';
import { createLedgerReader } from '../../lambdas/adapters/dynamodb/ledger-reader';
import { createLedgerStore } from '../../lambdas/adapters/dynamodb/ledger-store';
import { createMonthDirectory } from '../../lambdas/adapters/dynamodb/month-directory';
import { createPolicyStore } from '../../lambdas/adapters/dynamodb/policy-store';
import { createQuotaStore } from '../../lambdas/adapters/dynamodb/quota-store';
import { createSpendHistory } from '../../lambdas/adapters/dynamodb/spend-history';
import type { TestEngine } from './dynamo-engine';
import type { ManualClock } from './manual-clock';
import { RecordingBus } from './memory-alerts';

/** As long as a deployed function remembers a policy by default. */
export const POLICY_MEMORY_MS = 5_000;

export type EnginePorts = GuardPorts & {
  readonly policyStore: PolicyStore;
  /** What the alert bus was given. */
  readonly bus: RecordingBus;
};

/** The use cases' ports on a real engine, with a clock of the test's own. */
export function guardPorts(
  engine: TestEngine,
  clock: ManualClock,
  defaultTerms?: PolicyTerms,
): EnginePorts {
  const policyStore = createPolicyStore(engine.clients.retrying, engine.controlTable);
  const digest = (text: string) => createHash('sha256').update(text).digest('base64url');
  const bus = new RecordingBus();
  let runs = 0;
  return {
    bus,
    quotas: {
      store: createQuotaStore(engine.clients, engine.controlTable),
      nowMs: clock.nowMs,
      seen: new Map(),
    },
    alerts: {
      store: createAlertStore(engine.clients, engine.controlTable),
      bus,
      nowMs: clock.nowMs,
      digest,
      known: new Set(),
      onFault: (what, fault) => {
        throw new Error(what, { cause: fault });
      },
    },
    ledger: {
      store: createLedgerStore(engine.clients, engine.ledgerTable),
      rules: LEDGER_RULES,
      nowMs: clock.nowMs,
      randomSuffix: () => randomBytes(6).toString('base64url'),
    },
    reader: createLedgerReader(engine.clients.retrying, engine.ledgerTable),
    policies: createPolicySource({
      store: policyStore,
      defaultTerms,
      memoryMs: POLICY_MEMORY_MS,
      nowMs: clock.nowMs,
    }),
    directory: createMonthDirectory(engine.clients.retrying, engine.controlTable),
    history: createSpendHistory(engine.clients.retrying, engine.controlTable),
    digest,
    newRunId: () => `run-${(runs += 1)}`,
    policyStore,
  };
}

/** The process that made the call is gone: nothing that it would have done next happens. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

/**
 * Ports of a process that dies right after its write of this number (1: the first), whether that
 * write was refused or not.
 */
export function dyingAfter(ports: EnginePorts, writes: number): EnginePorts {
  const { store } = ports.ledger;
  let count = 0;
  const apply: typeof store.apply = async (write) => {
    const result = await store.apply(write);
    count += 1;
    if (count === writes) throw new Crash(`after ${write.name}`);
    return result;
  };
  return { ...ports, ledger: { ...ports.ledger, store: { ...store, apply } } };
}

/** Ports in which something else happens right before the first write of this name. */
export function interrupted(
  ports: EnginePorts,
  name: WriteName,
  meanwhile: () => Promise<unknown>,
): EnginePorts {
  const { store } = ports.ledger;
  let isOver = false;
  const apply: typeof store.apply = async (write) => {
    if (write.name === name && !isOver) {
      isOver = true;
      await meanwhile();
    }
    return store.apply(write);
  };
  return { ...ports, ledger: { ...ports.ledger, store: { ...store, apply } } };
}

/** Nano-USD from a decimal text. */
export function usd(text: string): NanoUsd {
  const amount = parseUsd(text, { allowNegative: true });
  if (typeof amount !== 'bigint') throw new Error(`${text} ${amount.problem}`);
  return amount;
}

export interface TermsParts extends Partial<Omit<BudgetPolicy, 'limitNanoUsd'>> {
  readonly limit: string;
  readonly quotas?: QuotaPolicy;
  readonly rates?: readonly TenantRate[];
}

/** Policy terms with the defaults of a PUT. */
export function terms({ limit, quotas = {}, rates = [], ...budget }: TermsParts): PolicyTerms {
  return {
    budget: {
      mode: 'hard-cap',
      gracePercent: 10,
      alertThresholds: [50, 80, 90, 100],
      onGraceExceeded: 'allow',
      ...budget,
      limitNanoUsd: usd(limit),
    },
    quotas,
    rates,
  };
}

/** Sets a tenant's policy, whatever it was before. */
export async function setPolicy(
  ports: EnginePorts,
  tenant: string,
  parts: TermsParts,
): Promise<void> {
  const before = await ports.policyStore.read(tenant);
  const written = await writePolicy(
    { ...ports, store: ports.policyStore },
    { tenant, terms: terms(parts), seen: before?.version ?? 'none', actor: 'test' },
  );
  if (written.kind === 'stale') throw new Error('the policy was changed in the meantime');
}

type OfKind<Result, Kind> = Result extends { readonly kind: infer Kinds }
  ? Kind extends Kinds
    ? Result
    : never
  : never;

/** The outcome, if it is of this kind. */
export function expectKind<
  Result extends { readonly kind: string },
  const Kind extends Result['kind'],
>(result: Result, kind: Kind): OfKind<Result, Kind> {
  expect(result.kind).toBe(kind);
  return result as OfKind<Result, Kind>;
}

/** A month's account beside what its usage records add up to. */
export interface MonthAudit {
  readonly limit: NanoUsd;
  readonly spent: NanoUsd;
  readonly held: NanoUsd;
  readonly available: NanoUsd;
  readonly usage: NanoUsd;
  readonly records: number;
}

/**
 * Read a month's accounts as they stand in the table. Every account has to add up, and no run may
 * own more than the hold that pays for it.
 */
export async function auditMonth(
  ports: GuardPorts,
  tenant: string,
  month: string,
): Promise<MonthAudit> {
  const ref: TenantMonthRef = { level: 'tenant-month', tenant, month };
  const account = await ports.ledger.store.read(ref);
  if (account === undefined) throw new Error(`${tenant} has no account for ${month}`);
  expect(imbalanceOf(account)).toBe(0n);
  for (const [hold, amount] of Object.entries(account.holds)) {
    const child = await ports.ledger.store.read(childRefOf(ref, hold));
    if (child?.fundedBy !== hold) continue;
    expect(imbalanceOf(child)).toBe(0n);
    expect(child.limit).toBeLessThanOrEqual(amount);
  }
  const usage = await allUsage(ports, tenant, month);
  return {
    limit: account.limit,
    spent: account.spent,
    held: heldIn(account),
    available: account.available,
    usage: usage.reduce((sum, { spent }) => sum + spent, 0n),
    records: usage.length,
  };
}

/** Every usage record of a month, read page by page. */
export async function allUsage(
  ports: Pick<GuardPorts, 'reader'>,
  tenant: string,
  month: string,
  limit = 100,
): Promise<readonly Account[]> {
  const all: Account[] = [];
  let after: string | undefined;
  do {
    const page = await ports.reader.usageOfMonth({
      tenant,
      month,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    all.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return all;
}
