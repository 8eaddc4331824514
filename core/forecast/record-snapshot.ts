import { heldIn, type Account } from '../ledger/account';
import type { TenantMonthRef } from '../ledger/account-ref';
import { monthSpan } from './month-span';
import type { SpendHistory } from './spend-history';
import { withPoint } from './spend-points';

/**
 * Keep what a month has come to, if a point is due. Of two sweepers that see it due, one writes;
 * the other's figures are as good as those that stand there.
 * @returns true when this call wrote a point
 * @throws LedgerUnavailableError
 */
export async function recordSnapshot(
  history: SpendHistory,
  { tenant, month }: Pick<TenantMonthRef, 'tenant' | 'month'>,
  account: Account,
  /** When the account was read, or a little before. */
  nowMs: number,
): Promise<boolean> {
  const seen = await history.read(tenant, month);
  const point = { atMs: nowMs, spent: account.spent, committed: account.spent + heldIn(account) };
  const points = withPoint(seen?.points ?? [], point, monthSpan(month));
  return points !== undefined && history.record(tenant, month, points, seen);
}
