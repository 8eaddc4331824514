import type { Account, Facts } from '../ledger/account';
import { heldIn, newAccount } from '../ledger/account';
import type { Month, TenantMonthRef } from '../ledger/account-ref';
import { ensureMonth } from '../ledger/ensure-month';
import type { MonthTerms } from '../ledger/writes/month';
import type { NanoUsd } from '../money/nano-usd';
import type { BudgetMode, Policy, PolicyTerms } from '../policy/policy';
import { resetsAt } from './calendar';
import type { GuardPorts } from './ports';

const WHOLE_PERCENT = 100n;

/** What answers say of a budget. Amounts in nano-USD; limit = spent + reserved + remaining. */
export interface BudgetView {
  readonly tenant: string;
  readonly month: Month;
  readonly mode: BudgetMode;
  readonly limit: NanoUsd;
  readonly spent: NanoUsd;
  readonly reserved: NanoUsd;
  /** Below zero when more was spent than the limit allows. */
  readonly remaining: NanoUsd;
  readonly resetsAt: string;
  /** When the figures were so, RFC 3339. */
  readonly asOf: string;
}

/** What a tenant's month keeps beside the money; from its policy. */
interface MonthFacts extends Facts {
  readonly policyVersion: number | bigint;
  readonly budgetMode: BudgetMode;
  /** The policy's limit. The account's own is larger where a grace may be used up but not passed. */
  readonly budgetLimit: NanoUsd;
  readonly gracePercent: number | bigint;
  /** Alert thresholds in percent of the limit. */
  readonly thresholds: readonly (number | bigint)[];
  /** Goes up when the limit changes, and not when anything else of the policy does. */
  readonly limitVersion: number | bigint;
}

export function graceOf(limit: NanoUsd, gracePercent: number | bigint): NanoUsd {
  return (limit * BigInt(gracePercent)) / WHOLE_PERCENT;
}

/**
 * The account terms that a policy means. A soft cap that denies beyond its grace is a hard account
 * that is larger by the grace.
 */
export function monthTerms(
  policy: PolicyTerms & { readonly version: number },
  current?: Account,
): MonthTerms {
  const { mode, limitNanoUsd, gracePercent, onGraceExceeded, alertThresholds } = policy.budget;
  const isCeiling = mode === 'soft-cap' && onGraceExceeded === 'deny';
  const facts: MonthFacts = {
    policyVersion: policy.version,
    budgetMode: mode,
    budgetLimit: limitNanoUsd,
    gracePercent,
    thresholds: alertThresholds,
    limitVersion: nextLimitVersion(limitNanoUsd, current),
  };
  return {
    mode: mode === 'soft-cap' && !isCeiling ? 'soft' : 'hard',
    limit: isCeiling ? limitNanoUsd + graceOf(limitNanoUsd, gracePercent) : limitNanoUsd,
    facts,
  };
}

function nextLimitVersion(limit: NanoUsd, current: Account | undefined): number {
  if (current === undefined) return 1;
  const isSame = (current.facts as MonthFacts).budgetLimit === limit;
  return isSame ? limitVersionOf(current) : limitVersionOf(current) + 1;
}

export function limitVersionOf(month: Account): number {
  return Number((month.facts as MonthFacts).limitVersion);
}

export function thresholdsOf(month: Account): readonly number[] {
  return (month.facts as MonthFacts).thresholds.map(Number);
}

export function policyVersionOf(month: Account): number {
  return Number((month.facts as MonthFacts).policyVersion);
}

export function gracePercentOf(month: Account): number {
  return Number((month.facts as MonthFacts).gracePercent);
}

/** The budget as an account shows it. */
export function budgetOf(
  ref: { readonly tenant: string; readonly month: Month },
  account: Account,
  nowMs: number,
): BudgetView {
  const { budgetMode: mode, budgetLimit: limit } = account.facts as MonthFacts;
  const reserved = heldIn(account);
  return {
    tenant: ref.tenant,
    month: ref.month,
    mode,
    limit,
    spent: account.spent,
    reserved,
    remaining: limit - account.spent - reserved,
    resetsAt: resetsAt(ref.month),
    asOf: new Date(nowMs).toISOString(),
  };
}

/**
 * Bring a month's account in line with a policy, opening it if need be. The directory hears of the
 * month first, so that no crash leaves an account that nobody sweeps.
 */
export async function alignMonth(
  { ledger, directory }: Pick<GuardPorts, 'ledger' | 'directory'>,
  ref: TenantMonthRef,
  policy: Policy,
): Promise<Account> {
  await directory.add(ref.tenant, ref.month);
  return ensureMonth(
    ledger,
    ref,
    (current) => monthTerms(policy, current),
    (account) => policyVersionOf(account) >= policy.version,
  );
}

/** A month's account, or the one that its tenant's policy would open; undefined without a policy. */
export async function monthAsItWouldBe(
  { ledger, policies }: Pick<GuardPorts, 'ledger' | 'policies'>,
  ref: { readonly tenant: string; readonly month: Month },
): Promise<Account | undefined> {
  const account = await ledger.store.read({ ...ref, level: 'tenant-month' });
  if (account !== undefined) return account;
  const policy = await policies.latest(ref.tenant);
  return policy === undefined ? undefined : newAccount(monthTerms(policy));
}
