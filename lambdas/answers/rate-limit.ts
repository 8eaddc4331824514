import type { QuotaStanding } from '../../core/quotas/take-quota';

/**
 * The fields RateLimit-Policy and RateLimit, as draft-ietf-httpapi-ratelimit-headers has them since
 * its version 08: structured fields with one item for each quota. `q` is the quota, `w` its window
 * and `t` the time until it starts anew, both in seconds, `r` what is left.
 */
export function rateLimitHeaders(
  standings: readonly QuotaStanding[],
): Readonly<Record<string, string>> {
  if (standings.length === 0) return {};
  return {
    'RateLimit-Policy': standings
      .map(({ name, quota, windowSeconds }) => `"${name}";q=${quota};w=${windowSeconds}`)
      .join(', '),
    RateLimit: standings
      .map(({ name, remaining, resetSeconds }) => `"${name}";r=${remaining};t=${resetSeconds}`)
      .join(', '),
  };
}
