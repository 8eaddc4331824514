import type { Account, Facts } from '../ledger/account';
import type { Month, RunRef } from '../ledger/account-ref';
import type { NanoUsd } from '../money/nano-usd';
import type { Judgement } from './judgement';
import { budgetOf, policyVersionOf, type BudgetView } from './month-account';
import type { GuardPorts } from './ports';

export type Tags = Readonly<Record<string, string>>;

/** How a run ended: as its caller said, or `expired` when nobody did in time. */
export type RunOutcome = 'succeeded' | 'failed' | 'cancelled' | 'expired';

/** What a run's account keeps beside the money. */
export interface RunFacts {
  readonly runId: string;
  readonly pipeline: string;
  readonly tags: Tags;
  /** Digest of what the run was opened with: the same id with other content is a mistake. */
  readonly fingerprint: string;
  readonly openedAt: string;
  readonly deadlineMs: number;
  /** The month in which the run was opened. */
  readonly homeMonth: Month;
  /** What was reserved when it was opened. */
  readonly reserved: NanoUsd;
  readonly judgement: Judgement;
  /** The policy that the tenant's month had when it last funded the run. */
  readonly policyVersion: number;
  /** The budget as it was when it last funded the run: answers show it without another read. */
  readonly budget: BudgetView;
  readonly outcome?: RunOutcome;
  readonly completedAt?: string;
}

export function runFacts(run: Account): RunFacts {
  const facts = run.facts as unknown as RunFacts;
  return {
    ...facts,
    deadlineMs: Number(facts.deadlineMs),
    policyVersion: Number(facts.policyVersion),
  };
}

/** As the account keeps them. */
export function asFacts(facts: object): Facts {
  return facts as Facts;
}

export function runRefOf(
  { digest }: Pick<GuardPorts, 'digest'>,
  tenant: string,
  runId: string,
  month: Month,
): RunRef {
  return { level: 'run', tenant, month, run: runKeyOf({ digest }, tenant, runId) };
}

/** Stands for the run in hold ids, which should be short. */
export function runKeyOf(
  { digest }: Pick<GuardPorts, 'digest'>,
  tenant: string,
  runId: string,
): string {
  return digest(`${tenant}\n${runId}`).slice(0, 10);
}

/** The facts of a run whose tenant's month has just funded it anew. */
export function withBudget(
  run: Account,
  ref: { readonly tenant: string; readonly month: Month },
  month: Account,
  nowMs: number,
): Facts {
  return asFacts({
    ...run.facts,
    policyVersion: policyVersionOf(month),
    budget: budgetOf(ref, month, nowMs),
  });
}

/** A text that is the same for the same content, whatever the order of its fields. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`;
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    if (inner instanceof Date) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
