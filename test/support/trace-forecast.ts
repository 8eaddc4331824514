import { monthSpan } from '../../core/forecast/month-span';
import { burnRateOf, forecastOf, type ForecastBasis } from '../../core/forecast/outlook';
import { priceUsage } from '../../core/prices/price';
import type { TraceRequest } from '../../local/replay/trace';
import { seenAt, settledIn, type Charge } from './spend-traffic';

const MONTH = monthSpan('2026-11');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export interface Model {
  readonly model: string;
  readonly provider: string;
}

/** Each request of a trace as a run of its own, from an instant on, stretched by a factor. */
function chargesOf(
  trace: readonly TraceRequest[],
  named: Model,
  fromMs: number,
  factor = 1,
): Charge[] {
  return trace.map(({ offsetMs, inputTokens, outputTokens }) => {
    const tokens = { inputTokens, outputTokens, cachedInputTokens: 0 };
    const price = priceUsage({ ...named, ...tokens }, [], new Date(fromMs));
    if (price.kind === 'unknown') throw new Error(`${named.model} has no known price`);
    return { atMs: fromMs + Math.floor(offsetMs * factor), amount: price.nanoUsd };
  });
}

function spanOf(trace: readonly TraceRequest[]): number {
  return (trace.at(-1)?.offsetMs ?? 0) + 1;
}

export interface RateMiss {
  /** In parts of the exact sum: 0.01 is 1 %. */
  readonly worst: number;
  readonly average: number;
}

/**
 * By how much the last hour's rate misses the exact sum of that hour, asked every five minutes for
 * two hours, with the trace sent again and again as fast as it was.
 */
export function lastHourMiss(trace: readonly TraceRequest[], model: Model): RateMiss {
  const charges: Charge[] = [];
  for (let fromMs = MONTH.startMs; fromMs < MONTH.startMs + 4 * HOUR_MS; fromMs += spanOf(trace)) {
    charges.push(...chargesOf(trace, model, fromMs));
  }
  const asks = Array.from(
    { length: 24 },
    (_, index) => MONTH.startMs + 2 * HOUR_MS + index * 5 * MINUTE_MS,
  );
  const misses = seenAt(charges, asks).map((month) => {
    const exact = settledIn(charges, month.nowMs - HOUR_MS + 1, month.nowMs + 1);
    return Math.abs(Number(burnRateOf(month).lastHour) / Number(exact) - 1);
  });
  return {
    worst: Math.max(...misses),
    average: misses.reduce((sum, miss) => sum + miss, 0) / misses.length,
  };
}

export interface ForecastMiss {
  /** How much of the month was over, in days. */
  readonly day: number;
  readonly basis: ForecastBasis;
  /** In parts of the month's real spend; below zero: too little was foreseen. */
  readonly miss: number;
}

/** How forecasts of a month turn out in which the trace, stretched, is all that happens. */
export function forecastMisses(
  trace: readonly TraceRequest[],
  model: Model,
  days: readonly number[],
): ForecastMiss[] {
  const factor = (MONTH.endMs - MONTH.startMs) / spanOf(trace);
  const charges = chargesOf(trace, model, MONTH.startMs, factor);
  const total = Number(settledIn(charges, MONTH.startMs, MONTH.endMs));
  return seenAt(
    charges,
    days.map((day) => MONTH.startMs + day * DAY_MS),
  ).map((month, index) => {
    const { projected, basis } = forecastOf(month);
    return { day: days[index] ?? 0, basis, miss: Number(projected) / total - 1 };
  });
}
