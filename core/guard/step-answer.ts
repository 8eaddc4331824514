import { raiseHardCapHit, type Actor } from '../alerts/budget-alerts';
import { isLive, type Account } from '../ledger/account';
import { usageOf, type RunRef } from '../ledger/account-ref';
import type { NanoUsd } from '../money/nano-usd';
import type { QuotaStanding } from '../quotas/take-quota';
import { type QuotaRefusal } from './admission';
import { type Estimated } from './estimate';
import { judge, type Judgement } from './judgement';
import { budgetOf, type BudgetView } from './month-account';
import type { GuardPorts, RunMonth } from './ports';
import { runFacts } from './run-facts';
import { readNote, type StepNote } from './step-note';
import { usageFacts } from './usage-facts';

export interface CheckStep {
  readonly tenant: string;
  readonly runId: string;
  readonly stepId: string;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
  readonly estimatedCost?: NanoUsd | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface GrantedStep extends Judgement {
  readonly runId: string;
  readonly stepId: string;
  readonly reserved: NanoUsd;
  readonly budget: BudgetView;
}

export type StepChecked =
  | {
      readonly kind: 'granted' | 'repeated' | 'dry-run';
      readonly step: GrantedStep;
      /** How the quotas stand after it. */
      readonly standings?: readonly QuotaStanding[];
    }
  | QuotaRefusal
  | {
      readonly kind: 'denied';
      readonly budget: BudgetView;
      readonly requested: NanoUsd;
      readonly pipeline: string;
    }
  | { readonly kind: 'run-closed' }
  | { readonly kind: 'id-reused' }
  | { readonly kind: 'not-found' }
  | Exclude<Estimated, { readonly kind: 'amount' }>;

/** A step check with what was worked out of it. */
export interface Asked {
  readonly ports: GuardPorts;
  readonly request: CheckStep;
  readonly amount: NanoUsd;
  readonly note: StepNote;
}

export async function deny(
  asked: Asked,
  ref: RunRef,
  month: Account,
  pipeline: string,
): Promise<StepChecked> {
  const { ports, amount: requested } = asked;
  await raiseHardCapHit(ports.alerts, ref, month, { ...actorOf(asked, pipeline), requested });
  const budget = budgetOf(ref, month, ports.ledger.nowMs());
  return { kind: 'denied', budget, requested, pipeline };
}

export function actorOf({ request: { runId, stepId } }: Asked, pipeline: string): Actor {
  return { runId, stepId, pipeline };
}

export function granted(
  { ports, request }: Asked,
  ref: RunRef,
  run: Account,
  reserved: NanoUsd,
  month?: Account,
): GrantedStep {
  const facts = runFacts(run);
  const { runId, stepId } = request;
  // Inside its run's reservation a step changes nothing for the budget: the run's answer stands.
  return {
    runId,
    stepId,
    reserved,
    ...(month === undefined ? facts.judgement : judge(ref, month)),
    budget: month === undefined ? facts.budget : budgetOf(ref, month, ports.ledger.nowMs()),
  };
}

export function usedBefore(asked: Asked, ref: RunRef, run: Account, usage: Account): StepChecked {
  const { checkedWith, reserved } = usageFacts(usage);
  // Usage that came without a check was never granted: there is nothing to grant again.
  if (checkedWith !== asked.note.fingerprint) return { kind: 'id-reused' };
  return { kind: 'repeated', step: granted(asked, ref, run, reserved) };
}

/** What was answered before, if one of the run's months holds the step or has its usage. */
export async function answerOfMonths(
  asked: Asked,
  { tenant, run }: RunRef,
  months: readonly RunMonth[],
): Promise<StepChecked | undefined> {
  const { ports, request, note } = asked;
  for (const { month, account } of months) {
    const ref: RunRef = { level: 'run', tenant, month, run };
    const earlier = ports.ledger.rules.holdsFor(account, request.stepId)[0];
    if (earlier !== undefined) {
      const known = readNote(account.notes[earlier.hold]);
      if (known?.fingerprint !== note.fingerprint) return { kind: 'id-reused' };
      return { kind: 'repeated', step: granted(asked, ref, account, earlier.amount) };
    }
    const usage = await ports.ledger.store.read(usageOf(ref, request.stepId));
    if (isLive(usage)) return usedBefore(asked, ref, account, usage);
  }
  return undefined;
}
