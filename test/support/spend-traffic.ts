import { monthOf } from '../../core/guard/calendar';
import { monthSpan } from '../../core/forecast/month-span';
import type { MonthSpend } from '../../core/forecast/outlook';
import type { SpendPoint } from '../../core/forecast/spend-history';
import { withPoint, type MonthSpan } from '../../core/forecast/spend-points';
import type { NanoUsd } from '../../core/money/nano-usd';
import type { Random } from './random';

const MINUTE_MS = 60_000;
const UINT32 = 2 ** 32;

/** Money that a run settles at one instant. */
export interface Charge {
  readonly atMs: number;
  readonly amount: NanoUsd;
}

/** How heavy the traffic of an instant is; 1 is the average. */
export type Season = (atMs: number) => number;

/** Quiet nights, busy office hours. */
const HOURS = [2, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 20, 16, 18, 20, 20, 18, 14, 10, 8, 6, 5, 4, 3];
/** Sunday first: weekends at a fifth of a working day. */
const WEEKDAYS = [1, 5, 5, 5, 5, 5, 1];

/** The weights as parts of their average. */
function normal(weights: readonly number[]): (index: number) => number {
  const average = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  return (index) => (weights[index] ?? average) / average;
}

const hourWeight = normal(HOURS);
const weekdayWeight = normal(WEEKDAYS);

export const byHour: Season = (atMs) => hourWeight(new Date(atMs).getUTCHours());

export const byHourAndWeekday: Season = (atMs) =>
  byHour(atMs) * weekdayWeight(new Date(atMs).getUTCDay());

function fraction(random: Random): number {
  return (random.next() + 0.5) / UINT32;
}

/** A number of events of a Poisson process with this mean. */
function poisson(random: Random, mean: number): number {
  const floor = Math.exp(-mean);
  let [count, product] = [0, fraction(random)];
  while (product > floor) {
    count += 1;
    product *= fraction(random);
  }
  return count;
}

/** A price with a long tail: most runs cost little, some twenty times as much. */
function price(random: Random, medianUsd: number): NanoUsd {
  const gaussian =
    Math.sqrt(-2 * Math.log(fraction(random))) * Math.cos(2 * Math.PI * fraction(random));
  return BigInt(Math.round(medianUsd * Math.exp(gaussian) * 1e9));
}

/** Runs that settle at random, `perHour` of them on average, in order of time. */
export function arrivals(
  random: Random,
  traffic: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly perHour: number;
    readonly season?: Season;
  },
): Charge[] {
  const { fromMs, toMs, perHour, season = () => 1 } = traffic;
  const charges: Charge[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += MINUTE_MS) {
    const count = poisson(random, (perHour / 60) * season(atMs));
    for (let each = 0; each < count; each += 1) {
      charges.push({ atMs: atMs + random.below(MINUTE_MS), amount: price(random, 0.05) });
    }
  }
  return charges.toSorted((a, b) => a.atMs - b.atMs);
}

/** What was settled from an instant (included) to another (not included). */
export function settledIn(charges: readonly Charge[], fromMs: number, toMs: number): NanoUsd {
  return charges
    .filter(({ atMs }) => fromMs <= atMs && atMs < toMs)
    .reduce((sum, { amount }) => sum + amount, 0n);
}

/** A month in the making: what is settled so far and what the sweeper has recorded of it. */
class MonthInTheMaking {
  private spent = 0n;
  private points: readonly SpendPoint[] = [];
  readonly span: MonthSpan;

  constructor(
    month: string,
    private readonly before?: MonthInTheMaking,
  ) {
    this.span = monthSpan(month);
  }

  settle({ amount }: Charge): void {
    this.spent += amount;
  }

  /** The month before is looked at until it has nothing left to settle. */
  sweep(atMs: number): void {
    this.before?.sweep(atMs);
    const point = { atMs, spent: this.spent, committed: this.spent };
    this.points = withPoint(this.points, point, this.span) ?? this.points;
  }

  seen(nowMs: number, limit: NanoUsd): MonthSpend {
    const { spent, points, span } = this;
    const before = this.before?.points ?? [];
    return { ...span, nowMs, spent, committed: spent, limit, points, before };
  }

  next(): MonthInTheMaking {
    return new MonthInTheMaking(monthOf(this.span.endMs), this);
  }
}

/**
 * What the budget status would start from at each of the instants asked for (ascending), with a
 * sweeper that looks every minute from the first charge on. A charge is settled in the month of its
 * instant.
 */
export function seenAt(
  charges: readonly Charge[],
  asks: readonly number[],
  limit: NanoUsd = 1_000_000_000_000n,
): MonthSpend[] {
  const firstMs = (charges[0]?.atMs ?? 0) - 1;
  let month = new MonthInTheMaking(monthOf(firstMs));
  const answers: MonthSpend[] = [];
  const turnTo = (atMs: number): void => {
    while (atMs >= month.span.endMs) month = month.next();
  };
  let next = 0;
  const settleUntil = (untilMs: number): void => {
    for (let charge = charges[next]; charge && charge.atMs <= untilMs; charge = charges[next]) {
      turnTo(charge.atMs);
      month.settle(charge);
      next += 1;
    }
    turnTo(untilMs);
  };
  let sweepMs = firstMs;
  for (const ask of asks) {
    for (; sweepMs < ask; sweepMs += MINUTE_MS) {
      settleUntil(sweepMs);
      month.sweep(sweepMs);
    }
    settleUntil(ask);
    answers.push(month.seen(ask, limit));
  }
  return answers;
}
