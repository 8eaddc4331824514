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

/** A quota of six, requests that were granted at these times of a day, and one more. */
async function standingAfter(granted: Readonly<Record<string, number>>, now: string) {
  const at = (time: string) => `2026-11-30T${time}Z`;
  const clock = new ManualClock(at(now));
  const store = new MemoryQuotaStore();
  const ports = { store, nowMs: clock.nowMs, seen: new Map() };
  const policy = policyWith({ requestsPerMinute: 6 });
  const ask = { tenant: 'acme', tokens: 0 };
  for (const [time, count] of Object.entries(granted)) {
    clock.moveTo(at(time));
    for (let request = 0; request < count; request += 1) {
      expect(await takeQuota(ports, policy, ask)).toMatchObject({ kind: 'taken' });
    }
  }
  clock.moveTo(at(now));
  const [standing] = standingsOf(policy.quotas, await store.read('acme'), clock.nowMs());
  return { standing, next: await takeQuota(ports, policy, ask) };
}

describe('a request that is refused', () => {
  const BURST = { '12:00:50.000': 6 };
  const BURST_AND_ONE = { ...BURST, '12:01:00.500': 1 };

  test.each([
    [BURST, '12:00:52.500', 8],
    [BURST, '12:00:59.999', 1],
    // The turn of the minute, in 50 seconds, is not what lets the next one in.
    [BURST_AND_ONE, '12:01:10.250', 41],
    [BURST_AND_ONE, '12:01:49.000', 2],
  ])('after %j, at %s, may come again after %i s, in all fields', async (granted, now, seconds) => {
    const { standing, next } = await standingAfter(granted, now);
    expect(next).toMatchObject({ kind: 'requests-exceeded', retryAfterSeconds: seconds });
    // The draft: Retry-After names no time before the end of the window in which nothing is left.
    expect(standing).toMatchObject({ remaining: 0, resetSeconds: seconds });
  });

  test('fits after that time, and not a second before', async () => {
    const before = await standingAfter(BURST_AND_ONE, '12:01:50.250');
    expect(before.next).toMatchObject({ kind: 'requests-exceeded', retryAfterSeconds: 1 });
    const after = await standingAfter(BURST_AND_ONE, '12:01:51.250');
    expect(after.next).toMatchObject({ kind: 'taken' });
  });
});

test('where something is left, the time is that to the turn of the minute', async () => {
  const { standing } = await standingAfter({ '12:00:10.000': 2 }, '12:00:20.100');
  expect(standing).toMatchObject({ remaining: 4, resetSeconds: 40 });
});
