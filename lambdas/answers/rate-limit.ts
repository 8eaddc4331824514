import type { QuotaStanding } from '../../core/quotas/take-quota';

/**
 * A quota without a unit is one of requests. `tokens` is not in the draft's registry of units, but
 * a client that does not know a unit leaves the item alone, and one that is told of requests in its
 * place would count them.
 */
const UNIT_FIELDS: Readonly<Record<QuotaStanding['name'], string>> = {
  'requests-per-minute': '',
  'tokens-per-day': ';qu="tokens"',
};

/**
 * The fields RateLimit-Policy and RateLimit, as draft-ietf-httpapi-ratelimit-headers-11 has them:
 * lists of structured fields (RFC 9651) with one text for each quota and its parameters. `q` is the
 * quota, `qu` its unit, `w` its window in seconds; `r` is what is left, and for `t` seconds no more
 * than that.
 */
export function rateLimitHeaders(
  standings: readonly QuotaStanding[],
): Readonly<Record<string, string>> {
  if (standings.length === 0) return {};
  return {
    'RateLimit-Policy': standings
      .map(
        ({ name, quota, windowSeconds }) =>
          `"${name}";q=${quota}${UNIT_FIELDS[name]};w=${windowSeconds}`,
      )
      .join(', '),
    RateLimit: standings
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  };
}

/** A quota's standing as the budget's status answers it. */
export function quotaBody({ name, quota, remaining, resetSeconds }: QuotaStanding) {
  return { name, limit: quota, remaining, resetSeconds };
}
