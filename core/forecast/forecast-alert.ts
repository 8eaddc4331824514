import { RUNBOOKS } from '../alerts/budget-alerts';
import type { AlertPorts } from '../alerts/ports';
import { ensureAlert } from '../alerts/raise-alert';
import { budgetOf, limitVersionOf } from '../guard/month-account';
import type { Account } from '../ledger/account';
import type { TenantMonthRef } from '../ledger/account-ref';
import { formatUsd } from '../money/nano-usd';
import { isFirm, type Forecast } from './outlook';

/**
 * Tell, once for a month and limit, that a month is heading past its limit. Not from the first
 * hours of a tenant: a burst at its beginning would use the alert up on a guess.
 */
export async function noticeForecast(
  alerts: AlertPorts,
  where: Pick<TenantMonthRef, 'tenant' | 'month'>,
  account: Account,
  forecast: Forecast,
): Promise<void> {
  if (!forecast.exceedsLimit || !isFirm(forecast)) return;
  const { limit, spent, reserved } = budgetOf(where, account, 0);
  const { tenant, month } = where;
  const { projected, limitReachedMs } = forecast;
  const on =
    limitReachedMs === undefined
      ? ''
      : ` on ${new Date(limitReachedMs).toISOString().slice(0, 10)}`;
  const reached = spent < limit ? `will reach its limit${on}` : `reached its limit${on}`;
  await ensureAlert(alerts, {
    tenant,
    month,
    type: 'BUDGET_FORECAST_EXCEEDED',
    severity: 'info',
    condition: `limit ${limitVersionOf(account)}`,
    figures: { limit, spent, reserved },
    summary: `${tenant} ${reached} and is heading for ${formatUsd(projected)} USD of a ${formatUsd(limit)} USD budget for ${month}.`,
    runbook: `${RUNBOOKS}/budget-forecast-exceeded`,
  });
}
