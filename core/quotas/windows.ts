/**
 * The windows that requests and tokens are counted in. A minute is a calendar minute in UTC; a
 * second is the grain of the smoothing over its turn; a day is a UTC day.
 */
export const MINUTE_MS = 60_000;
export const BUCKET_MS = 1_000;
export const DAY_MS = 86_400_000;
const BUCKETS_IN_A_MINUTE = MINUTE_MS / BUCKET_MS;
const CLOSING_BUCKETS = 6;

/** Requests and tokens so far, by the number of their window since the epoch. */
export interface Meter {
  readonly policyVersion: number;
  readonly minutes: Readonly<Record<number, number>>;
  /** Requests, by the second. */
  readonly buckets: Readonly<Record<number, number>>;
  /** Tokens. */
  readonly days: Readonly<Record<number, number>>;
}

export const EMPTY_METER: Meter = { policyVersion: 0, minutes: {}, buckets: {}, days: {} };

export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS);
export const bucketOf = (ms: number): number => Math.floor(ms / BUCKET_MS);
export const dayOf = (ms: number): number => Math.floor(ms / DAY_MS);

/** A sixth of the quota, rounded up: what sixty seconds across a turn may take beyond it. */
const marginOf = (requestsPerMinute: number): number =>
  Math.ceil(requestsPerMinute / CLOSING_BUCKETS);

/** The most that any sixty seconds take, wherever they start: 7/6 of the quota, rounded up. */
export function mostInAnyMinute(requestsPerMinute: number): number {
  return requestsPerMinute + marginOf(requestsPerMinute);
}

/**
 * How many requests the second of an instant may hold in all, for what its neighbours hold. Sixty
 * seconds touch at most sixty-one counted ones, so these together stay within the bound. And each of
 * a minute's last seconds leaves the next minute room: from the sixth last on they take a sixth of
 * the quota for each second that is left. So a minute in which requests keep coming takes exactly
 * its quota, whatever came before: what the turn keeps out of its first seconds still fits into its
 * last ones (docs/quotas.md has the proof).
 */
export function bucketRoom(meter: Meter, requestsPerMinute: number, ms: number): number {
  const bucket = bucketOf(ms);
  const others = Object.entries(meter.buckets)
    .map(([each, count]): Counted => [Number(each), count])
    .filter(([each]) => each !== bucket);
  return Math.min(
    mostInAnyMinute(requestsPerMinute) - heaviestMinuteWith(others, bucket),
    closingRoom(others, bucket, requestsPerMinute),
  );
}

type Counted = readonly [bucket: number, count: number];

function sumOf(counted: readonly Counted[], from: number, to: number): number {
  let sum = 0;
  for (const [bucket, count] of counted) if (bucket >= from && bucket <= to) sum += count;
  return sum;
}

/** A request that was slow to arrive also belongs to windows that later ones have begun to fill. */
function heaviestMinuteWith(others: readonly Counted[], bucket: number): number {
  const later = others
    .map(([each]) => each)
    .filter((each) => each > bucket && each <= bucket + BUCKETS_IN_A_MINUTE);
  const sums = [bucket, ...later].map((end) => sumOf(others, end - BUCKETS_IN_A_MINUTE, end));
  return Math.max(...sums);
}

function closingRoom(
  others: readonly Counted[],
  bucket: number,
  requestsPerMinute: number,
): number {
  const end = bucket - (bucket % BUCKETS_IN_A_MINUTE) + BUCKETS_IN_A_MINUTE;
  let room = Infinity;
  for (let from = end - CLOSING_BUCKETS; from <= bucket; from += 1) {
    const taken = sumOf(others, from, end - 1);
    room = Math.min(room, (end - from) * marginOf(requestsPerMinute) - taken);
  }
  return room;
}

/** How many more requests the quota takes at an instant; below zero when it is overdrawn. */
export function requestsLeft(meter: Meter, requestsPerMinute: number, ms: number): number {
  const inMinute = meter.minutes[minuteOf(ms)] ?? 0;
  const inBucket = meter.buckets[bucketOf(ms)] ?? 0;
  return Math.min(
    requestsPerMinute - inMinute,
    bucketRoom(meter, requestsPerMinute, ms) - inBucket,
  );
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
