import type { Account } from '../ledger/account';
import { formatUsd } from '../money/nano-usd';
import { budgetOf, graceOf, gracePercentOf } from './month-account';

export type Decision = 'allow' | 'warn';

export interface Warning {
  readonly code: 'BUDGET_SOFT_CAP_EXCEEDED' | 'BUDGET_GRACE_EXCEEDED';
  /** A sentence that a user interface can show as it is. */
  readonly message: string;
}

export interface Judgement {
  readonly decision: Decision;
  readonly warnings: readonly Warning[];
}

export const ALLOWED: Judgement = { decision: 'allow', warnings: [] };

/** What a granted hold means for the budget that it was taken from: fine, or over a soft limit. */
export function judge(
  ref: { readonly tenant: string; readonly month: string },
  month: Account,
): Judgement {
  const { mode, limit, spent, reserved } = budgetOf(ref, month, 0);
  const committed = spent + reserved;
  if (mode === 'hard-cap' || committed <= limit) return ALLOWED;
  const over = formatUsd(committed - limit);
  const share = gracePercentOf(month);
  if (committed <= limit + graceOf(limit, share)) {
    const message = `The budget of ${formatUsd(limit)} USD for ${ref.month} is exceeded by ${over} USD; work goes on within the grace of ${share} %.`;
    return { decision: 'warn', warnings: [{ code: 'BUDGET_SOFT_CAP_EXCEEDED', message }] };
  }
  const message = `The budget of ${formatUsd(limit)} USD for ${ref.month} is exceeded by ${over} USD, which is beyond its grace of ${share} %.`;
  return { decision: 'warn', warnings: [{ code: 'BUDGET_GRACE_EXCEEDED', message }] };
}
