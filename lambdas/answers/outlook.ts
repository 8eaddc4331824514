import type { Outlook } from '../../core/forecast/read-outlook';
import { formatUsd } from '../../core/money/nano-usd';

/** Burn rate and forecast as the contract answers them. */
export function outlookBody({ burnRate, forecast }: Outlook) {
  const { projected, limitReachedMs, exceedsLimit, basis } = forecast;
  return {
    burnRate: {
      lastHourUSD: formatUsd(burnRate.lastHour),
      lastDayUSD: formatUsd(burnRate.lastDay),
    },
    forecast: {
      projectedUSD: formatUsd(projected),
      limitReachedAt:
        limitReachedMs === undefined
          ? null
          : new Date(limitReachedMs).toISOString().replace('.000Z', 'Z'),
      exceedsLimit,
      basis,
    },
  };
}
