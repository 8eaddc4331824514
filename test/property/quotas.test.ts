import { DAY_MS, EMPTY_METER, mostInAnyMinute } from '../../core/quotas/windows';
import { takeQuota, type QuotaTaken } from '../../core/quotas/take-quota';
import { MemoryQuotaStore } from '../support/memory-quotas';
import { Random } from '../support/random';
import { policyOf, TENANT, Traffic } from './quotas/traffic';

jest.setTimeout(240_000);

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const START_MS = Date.parse('2026-11-10T12:00:00Z');
const MINUTE_MS = 60_000;
const QUOTAS = [1, 2, 5, 7, 13, 50];

/** What happens to a failing seed is told with it. */
async function forEachSeed(check: (random: Random) => Promise<void>): Promise<void> {
  for (const seed of SEEDS) {
    try {
      await check(new Random(seed));
    } catch (fault) {
      throw new Error(`seed ${seed}: ${(fault as Error).message}`, { cause: fault });
    }
  }
}

/** Bursts and trickles, lulls and the turns of minutes; some requests come to nothing. */
async function anyTraffic(random: Random, quota: number): Promise<Traffic> {
  const traffic = new Traffic(random, START_MS + random.below(MINUTE_MS), random.between(1, 4));
  const policy = policyOf({ requestsPerMinute: quota });
  for (let round = 0; round < 30; round += 1) {
    const keeps = Array.from({ length: random.between(1, quota + 5) }, () => random.chance(85));
    const asked = keeps.map((keep) => traffic.ask(policy, undefined, keep));
    await traffic.settle(random.pick([0, 0, 3, 120]));
    await Promise.all(asked);
    const lull = random.pick([0, 10, 900, 9_000, 29_000, 49_990, 59_980]);
    const toTurn = MINUTE_MS - (traffic.nowMs % MINUTE_MS);
    // Right before and right after a turn of the minute is where smoothing goes wrong.
    traffic.nowMs += random.chance(25) ? toTurn - random.below(2) : random.below(lull + 1);
  }
  return traffic;
}

/** From the start of a minute on, requests come in every second, more than fit. */
async function expectFullMinutes(
  traffic: Traffic,
  random: Random,
  quota: number,
  minutes: number,
): Promise<void> {
  const policy = policyOf({ requestsPerMinute: quota });
  const startMs = traffic.nowMs;
  for (let minute = 0; minute < minutes; minute += 1) {
    const minuteMs = startMs + minute * MINUTE_MS;
    for (let second = 0; second < 60; second += 1) {
      traffic.nowMs = minuteMs + second * 1_000 + random.below(900);
      const first = await traffic.burst(policy, 3);
      if (first.some(({ kind }) => kind === 'taken')) await traffic.burst(policy, quota);
    }
    expect(traffic.admittedIn(minuteMs)).toBe(quota);
  }
}

describe('requests per minute', () => {
  test('never more than the quota in a calendar minute, nor 7/6 of it in any 60 seconds', () =>
    forEachSeed(async (random) => {
      const quota = random.pick(QUOTAS);
      const traffic = await anyTraffic(random, quota);
      expect(traffic.admitted.length).toBeGreaterThan(quota);
      expect(traffic.worstCalendarMinute()).toBeLessThanOrEqual(quota);
      expect(traffic.worstMinute()).toBeLessThanOrEqual(quota + Math.ceil(quota / 6));
    }));

  test('the bound is reached, so no lesser one could be stated', async () => {
    expect(QUOTAS.map(mostInAnyMinute)).toEqual([2, 3, 6, 9, 16, 59]);
    const traffic = new Traffic(new Random(1), START_MS + 1_000, 1);
    const policy = policyOf({ requestsPerMinute: 50 });
    await traffic.burst(policy, 60);
    traffic.nowMs = START_MS + MINUTE_MS;
    await traffic.burst(policy, 60);
    expect(traffic.worstMinute()).toBe(mostInAnyMinute(50));
  });

  test('a minute in which requests keep coming takes exactly the quota, whatever came before', () =>
    forEachSeed(async (random) => {
      const quota = random.pick(QUOTAS);
      const traffic = await anyTraffic(random, quota);
      traffic.nowMs = (Math.floor(traffic.nowMs / MINUTE_MS) + 1) * MINUTE_MS;
      await expectFullMinutes(traffic, random, quota, 3);
      expect(traffic.worstMinute()).toBeLessThanOrEqual(mostInAnyMinute(quota));
    }));

  test('so does a minute right after a burst in the last seconds of an idle one', async () => {
    for (const second of [54, 55, 57, 58, 59]) {
      const random = new Random(second);
      const traffic = new Traffic(random, START_MS + second * 1_000, 2);
      await traffic.burst(policyOf({ requestsPerMinute: 50 }), 60);
      traffic.nowMs = START_MS + MINUTE_MS;
      await expectFullMinutes(traffic, random, 50, 3);
    }
  });

  test('an idle tenant may use its whole quota at once, until the last seconds of a minute', async () => {
    const policy = policyOf({ requestsPerMinute: 50 });
    const admittedAt = async (second: number): Promise<number> => {
      const traffic = new Traffic(new Random(second), START_MS + second * 1_000, 3);
      await traffic.burst(policy, 100);
      return traffic.admitted.length;
    };
    for (const second of [0, 17, 30, 48, 54]) expect(await admittedAt(second)).toBe(50);
    const last = await Promise.all([55, 56, 57, 58, 59].map(admittedAt));
    expect(last).toEqual([45, 36, 27, 18, 9]);
  });

  test('Retry-After is the first second at which a request fits if nobody else comes', () =>
    forEachSeed(async (random) => {
      const quota = random.pick(QUOTAS);
      const traffic = await anyTraffic(random, quota);
      const policy = policyOf({ requestsPerMinute: quota });
      const answers = await traffic.burst(policy, 2 * quota + 1);
      const denied = answers.filter((answer) => answer.kind === 'requests-exceeded');
      expect(denied.length).toBeGreaterThan(0);
      // Those that were refused while others were still at the meter may have been told of more.
      const settled = await traffic.burst(policy, 1);
      const { kind, retryAfterSeconds } = settled[0] as Extract<
        QuotaTaken,
        { retryAfterSeconds: number }
      >;
      expect(kind).toBe('requests-exceeded');
      const kindIn = async (seconds: number): Promise<string> => {
        const meters = new MemoryQuotaStore();
        meters.meters.set(TENANT, await traffic.meters.read(TENANT));
        const nowMs = () => traffic.nowMs + seconds * 1_000;
        const ports = { store: meters, nowMs, seen: new Map() };
        return (await takeQuota(ports, policy, { tenant: TENANT, tokens: undefined })).kind;
      };
      expect(await kindIn(retryAfterSeconds)).toBe('taken');
      expect(await kindIn(retryAfterSeconds - 1)).toBe('requests-exceeded');
    }));

  test('what is refused or given back leaves every counter as it was', () =>
    forEachSeed(async (random) => {
      const quota = random.pick(QUOTAS);
      const traffic = await anyTraffic(random, quota);
      const policy = policyOf({ requestsPerMinute: quota, tokensPerDay: 10 });
      await traffic.burst(policy, 2 * quota);
      const before = await traffic.meters.read(TENANT);
      const asked = Array.from({ length: 40 }, (_, index) => traffic.ask(policy, index % 12));
      await traffic.settle();
      for (const { kind } of await Promise.all(asked)) expect(kind).toMatch(/exceeded$/);
      expect(await traffic.meters.read(TENANT)).toEqual(before);
    }));

  test('a changed quota keeps the counts: lower binds at once, higher adds its difference', () =>
    forEachSeed(async (random) => {
      const traffic = new Traffic(random, START_MS + random.below(30_000), 3);
      let most = 0;
      for (let version = 1; version <= 6; version += 1) {
        const quota = random.between(1, 40);
        const policy = policyOf({ requestsPerMinute: quota }, version);
        await traffic.meters.adopt(TENANT, version);
        await traffic.burst(policy, 50);
        most = Math.max(most, quota);
        expect(traffic.admitted).toHaveLength(most);
        traffic.nowMs += random.below(3_000);
      }
      const old = await traffic.burst(policyOf({ requestsPerMinute: 99 }, 5), 3);
      expect(old.map(({ kind }) => kind)).toEqual(Array(3).fill('policy-changed'));
    }));
});

describe('tokens per day', () => {
  test('are reserved by estimate and corrected, never past the quota, each day anew', () =>
    forEachSeed(async (random) => {
      const quota = random.between(50, 500);
      const policy = policyOf({ tokensPerDay: quota });
      const traffic = new Traffic(random, START_MS, 3);
      for (let day = 0; day < 3; day += 1) {
        let used = 0;
        for (let round = 0; round < 12; round += 1) {
          const amounts = Array.from({ length: 8 }, () => random.below(60));
          const asked = amounts.map((tokens) => traffic.ask(policy, tokens));
          await traffic.settle(5);
          const refused: number[] = [];
          for (const [index, { kind }] of (await Promise.all(asked)).entries()) {
            const tokens = amounts[index] as number;
            if (kind === 'taken') used += tokens;
            else refused.push(tokens);
          }
          // Nothing was given back in between: what did not fit then does not fit now.
          for (const tokens of refused) expect(used + tokens).toBeGreaterThan(quota);
          expect(used).toBeLessThanOrEqual(quota);
          const less = random.below(Math.min(used, 40) + 1);
          await traffic.meters.correctTokens(TENANT, dayAt(traffic.nowMs), -less);
          used -= less;
          expect((await traffic.meters.read(TENANT)).days[dayAt(traffic.nowMs)]).toBe(used);
        }
        traffic.nowMs = (dayAt(traffic.nowMs) + 1) * DAY_MS;
      }
    }));

  test('a day that was used beyond its quota refuses steps until midnight, and never runs', async () => {
    const traffic = new Traffic(new Random(1), START_MS, 1);
    const policy = policyOf({ tokensPerDay: 100, requestsPerMinute: 10 });
    await traffic.meters.correctTokens(TENANT, dayAt(START_MS), 150);
    const ask = async (tokens: number | undefined) => {
      const asked = traffic.ask(policy, tokens);
      await traffic.settle();
      return asked;
    };
    expect(await ask(1)).toMatchObject({ kind: 'tokens-exceeded', retryAfterSeconds: 43_200 });
    expect(await ask(undefined)).toMatchObject({ kind: 'taken' });
    traffic.nowMs += 43_200_000 - 1;
    expect(await ask(1)).toMatchObject({ kind: 'tokens-exceeded', retryAfterSeconds: 1 });
    traffic.nowMs += 1;
    expect(await ask(100)).toMatchObject({ kind: 'taken' });
    expect(EMPTY_METER.days).toEqual({});
  });
});

const dayAt = (ms: number): number => Math.floor(ms / DAY_MS);
