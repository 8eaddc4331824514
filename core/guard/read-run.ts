import { createdAtMs, childNameOf } from '../ledger/hold-id';
import type { Account } from '../ledger/account';
import { tenantMonthOf, type RunRef } from '../ledger/account-ref';
import { LedgerUnavailableError } from '../ledger/faults';
import type { NanoUsd } from '../money/nano-usd';
import { budgetOf, type BudgetView } from './month-account';
import type { GuardPorts, RunMonth } from './ports';
import { runFacts, runKeyOf, type RunFacts } from './run-facts';
import { viewOf, type UsageView } from './record-usage';
import { noteOf, type StepNote } from './step-note';

/** A step that was checked and has not reported its usage. */
export interface OpenStep {
  readonly stepId: string;
  readonly reserved: NanoUsd;
  readonly checkedAt: string;
  readonly note: StepNote | undefined;
}

export interface RunRead {
  readonly kind: 'run';
  readonly tenant: string;
  readonly facts: RunFacts;
  readonly status: 'OPEN' | 'CLOSED';
  readonly reserved: NanoUsd;
  readonly spent: NanoUsd;
  readonly openSteps: readonly OpenStep[];
  readonly usage: readonly UsageView[];
  readonly budget: BudgetView;
}

/**
 * A run with its steps and their usage, over all the months it has lasted.
 * @throws LedgerUnavailableError
 */
export async function readRun(
  ports: GuardPorts,
  request: { readonly tenant: string; readonly runId: string },
): Promise<RunRead | { readonly kind: 'not-found' }> {
  const { tenant, runId } = request;
  const run = runKeyOf(ports, tenant, runId);
  const months = await ports.reader.monthsOfRun(tenant, run);
  const [home] = months;
  if (home === undefined || runFacts(home.account).runId !== runId) return { kind: 'not-found' };
  const usage: Account[] = [];
  for (const { month } of months)
    usage.push(...(await ports.reader.usageOfRun(tenant, run, month)));
  const ref: RunRef = { level: 'run', tenant, month: home.month, run };
  const month = await ports.ledger.store.read(tenantMonthOf(ref));
  if (month === undefined) throw new LedgerUnavailableError("the run's month is not there");
  const spent = usage.reduce((sum, each) => sum + each.spent, 0n);
  const isOpen = months.some(({ account }) => account.state === 'OPEN');
  return {
    kind: 'run',
    tenant,
    facts: runFacts(home.account),
    status: isOpen ? 'OPEN' : 'CLOSED',
    reserved: months.reduce((sum, { account }) => sum + stillReserved(account), 0n),
    spent,
    openSteps: inOrder(months.flatMap(openStepsOf), ({ checkedAt }) => checkedAt),
    usage: inOrder(usage.map(viewOf), ({ date }) => date),
    budget: budgetOf(ref, month, ports.ledger.nowMs()),
  };
}

/** By time, then by step: an account keeps its holds in no order of its own. */
function inOrder<T extends { readonly stepId: string }>(
  steps: readonly T[],
  timeOf: (step: T) => string,
): T[] {
  const keyOf = (step: T) => `${timeOf(step)}#${step.stepId}`;
  return steps.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function stillReserved({ state, limit, spent }: Account): NanoUsd {
  return state === 'OPEN' && limit > spent ? limit - spent : 0n;
}

function openStepsOf({ account }: RunMonth): OpenStep[] {
  return Object.entries(account.holds).map(([hold, reserved]) => ({
    stepId: childNameOf(hold),
    reserved,
    checkedAt: new Date(createdAtMs(hold)).toISOString(),
    note: noteOf(account, hold),
  }));
}
