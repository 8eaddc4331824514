import type { BudgetView } from '../../core/guard/month-account';
import { formatUsd } from '../../core/money/nano-usd';

/** A budget as the contract answers it; amounts are decimal strings in USD. */
export function budgetBody(budget: BudgetView) {
  return {
    tenant: budget.tenant,
    month: budget.month,
    mode: budget.mode,
    limitUSD: formatUsd(budget.limit),
    spentUSD: formatUsd(budget.spent),
    reservedUSD: formatUsd(budget.reserved),
    remainingUSD: formatUsd(budget.remaining),
    resetsAt: budget.resetsAt,
    asOf: budget.asOf,
  };
}
