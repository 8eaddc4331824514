import type { NanoUsd } from '../money/nano-usd';
import { curveThrough, firstInstant, spendingBeganMs, sumOf, type SpendCurve } from './spend-curve';
import type { SpendPoint } from './spend-history';
import { withPresent, type MonthSpan } from './spend-points';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/** A tenant that has spent for a minute is taken to spend that much in an hour, not in a minute. */
const SHORTEST_ELAPSED_MS = HOUR_MS;

/** A month's spend at one instant and what was recorded of it before; amounts in nano-USD. */
export interface MonthSpend extends MonthSpan {
  readonly nowMs: number;
  readonly spent: NanoUsd;
  readonly committed: NanoUsd;
  /** The budget's limit. */
  readonly limit: NanoUsd;
  /** Points of the month, oldest first. */
  readonly points: readonly SpendPoint[];
  /** Points of the month before: the last week may reach into it. */
  readonly before: readonly SpendPoint[];
}

/** What was spent, in nano-USD. */
export interface BurnRate {
  readonly lastHour: NanoUsd;
  readonly lastDay: NanoUsd;
}

/**
 * From what a projection was made: the last 7 days, the last 24 hours, the time since the tenant
 * began to spend, or nothing.
 */
export type ForecastBasis = '7d' | '24h' | 'elapsed' | 'none';

export interface Forecast {
  /** What the month will have spent at its end, in nano-USD. */
  readonly projected: NanoUsd;
  /** When spend reached or will reach the limit; undefined if not in this month. */
  readonly limitReachedMs: number | undefined;
  /** True when the projection is more than the limit. */
  readonly exceedsLimit: boolean;
  readonly basis: ForecastBasis;
}

/**
 * What was spent in the hour and in the day up to now. In a month's first hours what the month
 * before still settles is part of it: a tenant does not come to a stand at midnight.
 */
export function burnRateOf(month: MonthSpend): BurnRate {
  const { flow } = curvesOf(month);
  const { nowMs } = month;
  const now = flow(nowMs);
  return { lastHour: now - flow(nowMs - HOUR_MS), lastDay: now - flow(nowMs - DAY_MS) };
}

/**
 * Where the month is heading: the spend of the last 7 days comes again, week after week, so that
 * hours and weekdays keep their weight; with less than 7 days behind it that of the last 24 hours,
 * day after day; with less than that the average since spending began.
 */
export function forecastOf(month: MonthSpend): Forecast {
  const { nowMs, startMs, endMs, spent, limit } = month;
  const curves = curvesOf(month);
  const isRunning = isRunningAt(month, nowMs);
  const { basis, ahead } = isRunning ? extensionOf(month, curves) : STANDSTILL;
  const projected = spent + ahead(endMs);
  const atOf = (atMs: number): NanoUsd => (atMs <= nowMs ? curves.own(atMs) : spent + ahead(atMs));
  const reachedMs = firstInstant(startMs, isRunning ? endMs : Math.max(endMs, nowMs), (atMs) => {
    const amount = atOf(atMs);
    return amount > 0n && amount >= limit;
  });
  return {
    projected,
    limitReachedMs: reachedMs === undefined ? undefined : secondIn(month, reachedMs),
    exceedsLimit: projected > limit,
    basis,
  };
}

/** Whether a forecast rests on at least one whole day, so that somebody should be told of it. */
export function isFirm({ basis }: Forecast): boolean {
  return basis === '7d' || basis === '24h';
}

interface Extension {
  readonly basis: ForecastBasis;
  /** What is spent from now to a later instant. */
  readonly ahead: SpendCurve;
}

const STANDSTILL: Extension = { basis: 'none', ahead: () => 0n };

interface Curves {
  /** The month's points, with the present one while it runs. */
  readonly seen: readonly SpendPoint[];
  /** The month's own spend. */
  readonly own: SpendCurve;
  /** The tenant's spend, whichever month it was settled in. */
  readonly flow: SpendCurve;
}

function curvesOf(month: MonthSpend): Curves {
  const { nowMs: atMs, spent, committed, points, before } = month;
  if (!isRunningAt(month, atMs)) {
    const own = curveThrough(points);
    return { seen: points, own, flow: own };
  }
  const seen = withPresent(points, { atMs, spent, committed }, month);
  const own = curveThrough(seen);
  return { seen, own, flow: sumOf(own, curveThrough(before)) };
}

function isRunningAt({ startMs, endMs }: MonthSpan, atMs: number): boolean {
  return startMs <= atMs && atMs < endMs;
}

function extensionOf({ nowMs, before }: MonthSpend, { seen, flow }: Curves): Extension {
  const beganMs = spendingBeganMs(before) ?? spendingBeganMs(seen);
  if (beganMs === undefined) return STANDSTILL;
  const ageMs = hourOf(nowMs) - beganMs;
  if (ageMs >= WEEK_MS) return { basis: '7d', ahead: repeating(flow, nowMs, WEEK_MS) };
  if (ageMs >= DAY_MS) return { basis: '24h', ahead: repeating(flow, nowMs, DAY_MS) };
  const gained = flow(nowMs) - flow(beganMs);
  const window = BigInt(Math.max(nowMs - beganMs, SHORTEST_ELAPSED_MS));
  return { basis: 'elapsed', ahead: (atMs) => (gained * BigInt(atMs - nowMs)) / window };
}

/**
 * The last period again and again: the spend of an instant is that of one period earlier. The
 * period ends with a full hour, as old points stand at full hours: what they do not tell of the
 * time between counts once then, and not again for each period that is to come.
 */
function repeating(flow: SpendCurve, nowMs: number, periodMs: number): SpendCurve {
  const endMs = hourOf(nowMs);
  const start = flow(endMs - periodMs);
  const period = flow(endMs) - start;
  const sinceEnd = (atMs: number): NanoUsd => {
    const aheadMs = atMs - endMs;
    const whole = Math.floor(aheadMs / periodMs);
    const rest = flow(endMs - periodMs + (aheadMs % periodMs)) - start;
    return BigInt(whole) * period + rest;
  };
  const untilNow = sinceEnd(nowMs);
  return (atMs) => sinceEnd(atMs) - untilNow;
}

function hourOf(atMs: number): number {
  return Math.floor(atMs / HOUR_MS) * HOUR_MS;
}

/** Whole seconds are as much as a forecast knows; the month's last one is still in it. */
function secondIn({ endMs }: MonthSpan, atMs: number): number {
  return Math.min(Math.ceil(atMs / SECOND_MS) * SECOND_MS, endMs - SECOND_MS);
}
