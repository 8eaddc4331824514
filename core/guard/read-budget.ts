import { readOutlook, type Outlook } from '../forecast/read-outlook';
import { hasMeter, standingsOf, type QuotaStanding } from '../quotas/take-quota';
import { monthOf } from './calendar';
import { budgetOf, monthAsItWouldBe, thresholdsOf, type BudgetView } from './month-account';
import type { GuardPorts } from './ports';

const WHOLE_PERCENT = 100n;

export interface BudgetStatus extends BudgetView, Outlook {
  /** Which of the month's thresholds, in percent of the limit, spent and reserved have reached. */
  readonly thresholdsCrossed: readonly number[];
  /** How the tenant's quotas stand just now; empty without any. */
  readonly quotas: readonly QuotaStanding[];
}

export type BudgetRead =
  | { readonly kind: 'budget'; readonly budget: BudgetStatus }
  | { readonly kind: 'policy-not-found' };

/**
 * A month's figures; a month in which nothing happened shows what the policy grants.
 * @throws LedgerUnavailableError
 */
export async function readBudget(
  ports: Pick<GuardPorts, 'ledger' | 'policies' | 'history' | 'quotas'>,
  request: { readonly tenant: string; readonly month?: string | undefined },
): Promise<BudgetRead> {
  const nowMs = ports.ledger.nowMs();
  const ref = { tenant: request.tenant, month: request.month ?? monthOf(nowMs) };
  const month = await monthAsItWouldBe(ports, ref);
  if (month === undefined) return { kind: 'policy-not-found' };
  const budget = budgetOf(ref, month, nowMs);
  const committed = (budget.spent + budget.reserved) * WHOLE_PERCENT;
  const thresholdsCrossed = thresholdsOf(month).filter(
    (percent) => committed > 0n && committed >= budget.limit * BigInt(percent),
  );
  const outlook = await readOutlook(ports.history, budget, nowMs);
  const quotas = await quotaUse(ports, ref.tenant, nowMs);
  return { kind: 'budget', budget: { ...budget, thresholdsCrossed, quotas, ...outlook } };
}

async function quotaUse(
  { policies, quotas }: Pick<GuardPorts, 'policies' | 'quotas'>,
  tenant: string,
  nowMs: number,
): Promise<QuotaStanding[]> {
  const policy = await policies.latest(tenant);
  if (policy === undefined || !hasMeter(policy.quotas)) return [];
  return standingsOf(policy.quotas, await quotas.store.read(tenant), nowMs);
}
