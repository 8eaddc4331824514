import { canAfford } from '../ledger/account';
import type { RunRef } from '../ledger/account-ref';
import type { QuotaAsk } from '../quotas/take-quota';
import { rehearseMeter } from './admission';
import { judge } from './judgement';
import { budgetOf, monthAsItWouldBe } from './month-account';
import { runFacts } from './run-facts';
import { answerOfMonths, granted, type Asked, type StepChecked } from './step-answer';

/** What the answer would be, with nothing held and no month opened. */
export async function rehearseStep(asked: Asked, ask: QuotaAsk, ref: RunRef): Promise<StepChecked> {
  const { ports, request, amount } = asked;
  const metered = await rehearseMeter(ports, ask);
  if (metered.kind !== 'metered') return metered;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const before = await answerOfMonths(asked, ref, months);
  if (before !== undefined) return before;
  const last = months.at(-1);
  const run = last?.account;
  if (run === undefined || runFacts(run).runId !== request.runId) return { kind: 'not-found' };
  if (run.state === 'CLOSED') return { kind: 'run-closed' };
  const month = await monthAsItWouldBe(ports, ref);
  if (month === undefined) return { kind: 'policy-not-found' };
  // What an earlier month granted the run is of no use in this one.
  const room = last?.month === ref.month ? run.available : 0n;
  const more = amount > room ? amount - room : 0n;
  const step = granted(asked, ref, run, 0n, month);
  if (more === 0n) return { kind: 'dry-run', step: { ...step, ...runFacts(run).judgement } };
  if (!canAfford(month, more)) {
    const budget = budgetOf(ref, month, ports.ledger.nowMs());
    return { kind: 'denied', budget, requested: amount, pipeline: runFacts(run).pipeline };
  }
  const after = { ...month, holds: { ...month.holds, [`${ref.run}~0.rehearsal`]: more } };
  return { kind: 'dry-run', step: { ...step, ...judge(ref, after) } };
}
