import { canAfford } from '../ledger/account';
import { tenantMonthOf, type RunRef } from '../ledger/account-ref';
import type { QuotaAsk } from '../quotas/take-quota';
import { rehearseMeter } from './admission';
import { budgetOf } from './month-account';
import { runFacts } from './run-facts';
import { answerOfMonths, granted, type Asked, type StepChecked } from './step-answer';

/** What the answer would be, with nothing held. */
export async function rehearseStep(asked: Asked, ask: QuotaAsk, ref: RunRef): Promise<StepChecked> {
  const { ports, request, amount } = asked;
  const metered = await rehearseMeter(ports, ask);
  if (metered.kind !== 'metered') return metered;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const before = await answerOfMonths(asked, ref, months);
  if (before !== undefined) return before;
  const run = months.at(-1)?.account;
  if (run === undefined || runFacts(run).runId !== request.runId) return { kind: 'not-found' };
  if (run.state === 'CLOSED') return { kind: 'run-closed' };
  const month = await ports.ledger.store.read(tenantMonthOf(ref));
  const more = amount > run.available ? amount - run.available : 0n;
  if (month !== undefined && !canAfford(month, more)) {
    const budget = budgetOf(ref, month, ports.ledger.nowMs());
    return { kind: 'denied', budget, requested: amount, pipeline: runFacts(run).pipeline };
  }
  return { kind: 'dry-run', step: granted(asked, ref, run, 0n, month) };
}
