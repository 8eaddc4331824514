/**
 * The windows that requests and tokens are counted in. A minute is a calendar minute in UTC; ten
 * seconds are the grain of the smoothing; a day is a UTC day.
 */
export const MINUTE_MS = 60_000;
export const BUCKET_MS = 10_000;
export const DAY_MS = 86_400_000;
const BUCKETS_IN_A_MINUTE = MINUTE_MS / BUCKET_MS;

/** Requests and tokens so far, by the number of their window since the epoch. */
export interface Meter {
  readonly policyVersion: number;
  readonly minutes: Readonly<Record<number, number>>;
  readonly buckets: Readonly<Record<number, number>>;
  /** Tokens. */
  readonly days: Readonly<Record<number, number>>;
}

export const EMPTY_METER: Meter = { policyVersion: 0, minutes: {}, buckets: {}, days: {} };

export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS);
export const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS);
export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/**
 * How many requests of the ten-second windows gone by still weigh at an instant: the five last ones
 * whole, and the one before them by the part of it that is less than a minute ago, rounded up.
 */
export function weightOfThePast(meter: Meter, ms: number): number {
  const current = bucketOf(ms);
  let weight = 0;
  for (let back = 1; back < BUCKETS_IN_A_MINUTE; back += 1) {
    weight += meter.buckets[current - back] ?? 0;
  }
  const oldest = meter.buckets[current - BUCKETS_IN_A_MINUTE] ?? 0;
  const left = BUCKET_MS - (ms - current * BUCKET_MS);
  return weight + Math.ceil((oldest * left) / BUCKET_MS);
}

/** How many more requests the quota takes at an instant; below zero when it is overdrawn. */
export function requestsLeft(meter: Meter, requestsPerMinute: number, ms: number): number {
  const inMinute = meter.minutes[minuteOf(ms)] ?? 0;
  const inLastMinute = weightOfThePast(meter, ms) + (meter.buckets[bucketOf(ms)] ?? 0);
  return requestsPerMinute - Math.max(inMinute, inLastMinute);
}

/** Tokens that the quota of the day still takes; below zero when actual use passed it. */
export function tokensLeft(meter: Meter, tokensPerDay: number, ms: number): number {
  return tokensPerDay - (meter.days[dayOf(ms)] ?? 0);
}

/** Whole seconds until a next request fits, if nobody else sends one; at least 1. */
export function secondsUntilRequest(meter: Meter, requestsPerMinute: number, ms: number): number {
  const most = (2 * MINUTE_MS) / 1_000;
  for (let seconds = 1; seconds < most; seconds += 1) {
    if (requestsLeft(meter, requestsPerMinute, ms + seconds * 1_000) >= 1) return seconds;
  }
  return most;
}

export function secondsUntilNextMinute(ms: number): number {
  return Math.ceil((MINUTE_MS - (ms % MINUTE_MS)) / 1_000);
}

export function secondsUntilNextDay(ms: number): number {
  return Math.ceil((DAY_MS - (ms % DAY_MS)) / 1_000);
}
