import type { QuotaStanding } from '../../../core/quotas/take-quota';
import { standingsOf, takeQuota } from '../../../core/quotas/take-quota';
import { rateLimitHeaders } from '../../../lambdas/answers/rate-limit';
import { MemoryQuotaStore } from '../../support/memory-quotas';
import { ManualClock } from '../../support/manual-clock';
import { policyWith } from '../../support/policies';
import { parseFieldList } from '../../support/structured-fields';

const REQUESTS: QuotaStanding = {
  name: 'requests-per-minute',
  quota: 60,
  windowSeconds: 60,
  remaining: 59,
  resetSeconds: 30,
};
const TOKENS: QuotaStanding = {
  name: 'tokens-per-day',
  quota: 1_000_000_000_000,
  windowSeconds: 86_400,
  remaining: 0,
  resetSeconds: 43_200,
};

describe('the fields', () => {
  test('are lists of texts with parameters, one for each quota', () => {
    const headers = rateLimitHeaders([REQUESTS, TOKENS]);
    expect(headers).toEqual({
      'RateLimit-Policy':
        '"requests-per-minute";q=60;w=60, "tokens-per-day";q=1000000000000;qu="tokens";w=86400',
      RateLimit: '"requests-per-minute";r=59;t=30, "tokens-per-day";r=0;t=43200',
    });
    expect(parseFieldList(headers['RateLimit-Policy'] ?? '')).toEqual([
      { value: 'requests-per-minute', parameters: { q: 60, w: 60 } },
      { value: 'tokens-per-day', parameters: { q: 1e12, qu: 'tokens', w: 86_400 } },
    ]);
    expect(parseFieldList(headers['RateLimit'] ?? '')).toEqual([
      { value: 'requests-per-minute', parameters: { r: 59, t: 30 } },
      { value: 'tokens-per-day', parameters: { r: 0, t: 43_200 } },
    ]);
  });

  test('tell of one quota alone where there is one', () => {
    expect(rateLimitHeaders([TOKENS])).toEqual({
      'RateLimit-Policy': '"tokens-per-day";q=1000000000000;qu="tokens";w=86400',
      RateLimit: '"tokens-per-day";r=0;t=43200',
    });
  });

  test('are not sent without a quota: an empty list is none', () => {
    expect(rateLimitHeaders([])).toEqual({});
  });
});

test.each(['"a";q=1,', '"a";q', 'a;q=1', '"a";q=1.5', '"a";Q=1', '"a" "b"', '', '"é";q=1'])(
  'the reader of these tests takes no %j',
  (text) => {
    expect(() => parseFieldList(text)).toThrow(Error);
  },
);

/** Six requests at one time, and how the quota of six stands at another. */
async function standingAfterSix(at: string, now: string) {
  const clock = new ManualClock(at);
  const store = new MemoryQuotaStore();
  const ports = { store, nowMs: clock.nowMs, seen: new Map() };
  const policy = policyWith({ requestsPerMinute: 6 });
  const ask = { tenant: 'acme', tokens: 0 };
  for (let request = 0; request < 6; request += 1) {
    expect(await takeQuota(ports, policy, ask)).toMatchObject({ kind: 'taken' });
  }
  clock.moveTo(now);
  const [standing] = standingsOf(policy.quotas, await store.read('acme'), clock.nowMs());
  return { standing, refused: await takeQuota(ports, policy, ask) };
}

describe('a request that is refused', () => {
  test.each([
    // What came at the start of a minute weighs on for a while in the next one.
    ['12:00:00.000', '12:00:30.000', 32],
    // A burst before the turn weighs on: the new minute alone would let a request in at once.
    ['12:00:59.000', '12:00:59.500', 53],
    ['12:00:59.000', '12:01:05.250', 47],
    ['12:00:59.000', '12:01:50.000', 2],
  ])('at %s, then at %s, may come again after %i s, in all fields', async (at, now, seconds) => {
    const day = (time: string) => `2026-11-30T${time}Z`;
    const { standing, refused } = await standingAfterSix(day(at), day(now));
    expect(refused).toMatchObject({ kind: 'requests-exceeded', retryAfterSeconds: seconds });
    // The draft: Retry-After never names a time before the end of the window without a request.
    expect(standing).toMatchObject({ remaining: 0, resetSeconds: seconds });
  });

  test('fits after that time, and not a second before', async () => {
    const at = '2026-11-30T12:00:59.000Z';
    const before = await standingAfterSix(at, '2026-11-30T12:01:51.000Z');
    expect(before.refused).toMatchObject({ kind: 'requests-exceeded', retryAfterSeconds: 1 });
    const after = await standingAfterSix(at, '2026-11-30T12:01:52.000Z');
    expect(after.refused).toMatchObject({ kind: 'taken' });
  });
});
