import type { Account } from '../../../core/ledger/account';
import { usageOf, type RunRef } from '../../../core/ledger/account-ref';
import { checkStep } from '../../../core/ledger/check-step';
import { closeRun } from '../../../core/ledger/close-run';
import { LedgerUnavailableError } from '../../../core/ledger/faults';
import { openRun } from '../../../core/ledger/open-run';
import type { LedgerPorts } from '../../../core/ledger/ports';
import { recordUsage } from '../../../core/ledger/record-usage';
import { addressOf } from '../../support/memory-ledger';
import { Violation } from './invariants';

export interface StepPlan {
  readonly name: string;
  readonly estimate: bigint;
  /** What each repetition says that the step cost; callers that keep the rules say one thing. */
  readonly actuals: readonly [bigint, ...bigint[]];
}

export interface RunPlan {
  readonly ref: RunRef;
  readonly estimate: bigint;
  readonly steps: readonly StepPlan[];
  readonly deadlineMs: number;
  /** Report usage of steps that were never checked. */
  readonly isUnannounced: boolean;
}

export interface Observations {
  /** Usage that a caller was told is counted: address and amount. */
  readonly answered: Map<string, bigint>;
  /** Steps that were granted and whose usage is not reported yet, for each actor. */
  readonly running: Map<number, number>;
}

/** One orchestrator that works a run off: open it, check, run and report its steps. */
export async function orchestrate(
  ledger: LedgerPorts,
  actor: number,
  plan: RunPlan,
  seen: Observations,
): Promise<void> {
  const opened = await insistently(() =>
    openRun(ledger, {
      run: plan.ref,
      amount: plan.estimate,
      factsOf: () => ({ deadlineMs: plan.deadlineMs }),
    }),
  );
  if (opened === undefined || opened.kind === 'no-month') return;
  if (opened.kind === 'denied') return refuseWrongDenial(plan, opened.month);
  await Promise.all(plan.steps.map((step) => runStep(ledger, actor, plan, step, seen)));
}

function refuseWrongDenial(plan: RunPlan, month: Account): void {
  // The rules under test may be broken: look at the holds themselves.
  const twin = Object.entries(month.holds).some(
    ([hold, amount]) => hold.startsWith(`${plan.ref.run}~`) && amount === plan.estimate,
  );
  if (twin) throw new Violation('denied while a twin holds the money');
}

async function runStep(
  ledger: LedgerPorts,
  actor: number,
  plan: RunPlan,
  step: StepPlan,
  seen: Observations,
): Promise<void> {
  if (!plan.isUnannounced) {
    const checked = await insistently(() =>
      checkStep(ledger, { run: plan.ref, step: step.name, amount: step.estimate, note: step.name }),
    );
    const isGranted = checked?.kind === 'held' || checked?.kind === 'held-before';
    if (!isGranted && checked?.kind !== 'used-before') return;
  }
  count(seen.running, actor, +1);
  await reportUsage(ledger, actor, plan.ref, step, seen);
  count(seen.running, actor, -1);
}

async function reportUsage(
  ledger: LedgerPorts,
  actor: number,
  run: RunRef,
  step: StepPlan,
  seen: Observations,
): Promise<void> {
  const account = await ledger.store.read(run);
  if (account === undefined || account.state === 'VOID') return;
  const recorded = await insistently(() =>
    recordUsage(
      ledger,
      {
        run,
        step: step.name,
        spent: step.actuals[actor % step.actuals.length] ?? step.actuals[0],
        facts: {},
      },
      account,
    ),
  );
  if (recorded === undefined) return;
  seen.answered.set(addressOf(usageOf(run, step.name)), recorded.usage.spent);
}

/** The end of a run, said by somebody who knows that its steps are over. */
export async function complete(
  ledger: LedgerPorts,
  run: RunRef,
  patienceMs: number,
): Promise<void> {
  await insistently(() => closeRun(ledger, run, patienceMs));
}

/** A caller that gets a 503 asks again, a few times. */
async function insistently<T>(call: () => Promise<T>): Promise<T | undefined> {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    try {
      return await call();
    } catch (fault) {
      if (!(fault instanceof LedgerUnavailableError)) throw fault;
    }
  }
  return undefined;
}

function count(counts: Map<number, number>, actor: number, by: number): void {
  counts.set(actor, (counts.get(actor) ?? 0) + by);
}
