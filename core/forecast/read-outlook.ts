import { monthBefore } from '../guard/calendar';
import type { BudgetView } from '../guard/month-account';
import { monthSpan } from './month-span';
import { burnRateOf, forecastOf, type BurnRate, type Forecast } from './outlook';
import type { SpendHistory } from './spend-history';

/** Where a budget comes from and where it is heading. */
export interface Outlook {
  readonly burnRate: BurnRate;
  readonly forecast: Forecast;
}

/**
 * A month's burn rate and forecast, from its figures of this moment and its recorded points.
 * @throws LedgerUnavailableError
 */
export async function readOutlook(
  history: SpendHistory,
  budget: Pick<BudgetView, 'tenant' | 'month' | 'limit' | 'spent' | 'reserved'>,
  nowMs: number,
): Promise<Outlook> {
  const { tenant, month, limit, spent, reserved } = budget;
  const span = monthSpan(month);
  const isRunning = span.startMs <= nowMs && nowMs < span.endMs;
  const [own, before] = await Promise.all([
    history.read(tenant, month),
    isRunning ? history.read(tenant, monthBefore(month)) : undefined,
  ]);
  const spend = {
    ...span,
    nowMs,
    spent,
    committed: spent + reserved,
    limit,
    points: own?.points ?? [],
    before: before?.points ?? [],
  };
  return { burnRate: burnRateOf(spend), forecast: forecastOf(spend) };
}
