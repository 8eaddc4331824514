import type { NanoUsd } from '../money/nano-usd';
import type { SpendPoint } from './spend-history';

/** An amount at an instant (milliseconds since the epoch), in nano-USD. What is spent never falls. */
export type SpendCurve = (atMs: number) => NanoUsd;

/** Straight lines between the points, level before the first and after the last; 0n without any. */
export function curveThrough(
  points: readonly SpendPoint[],
  amountOf: (point: SpendPoint) => NanoUsd = ({ spent }) => spent,
): SpendCurve {
  return (atMs) => {
    const next = firstAfter(points, atMs);
    const before = points[next - 1];
    const after = points[next];
    if (before === undefined) return after === undefined ? 0n : amountOf(after);
    if (after === undefined || before.atMs === atMs) return amountOf(before);
    const gained = amountOf(after) - amountOf(before);
    const elapsed = BigInt(atMs - before.atMs);
    return amountOf(before) + (gained * elapsed) / BigInt(after.atMs - before.atMs);
  };
}

export function sumOf(...curves: readonly SpendCurve[]): SpendCurve {
  return (atMs) => curves.reduce((sum, curve) => sum + curve(atMs), 0n);
}

/** The last instant at which nothing was spent yet; undefined while nothing is. */
export function spendingBeganMs(points: readonly SpendPoint[]): number | undefined {
  const first = points.findIndex(({ spent }) => spent > 0n);
  return first < 0 ? undefined : points[Math.max(first - 1, 0)]?.atMs;
}

/**
 * The first whole millisecond from `fromMs` to `toMs` at which something is so that stays so;
 * undefined when it is not so even at the end.
 */
export function firstInstant(
  fromMs: number,
  toMs: number,
  isSo: (atMs: number) => boolean,
): number | undefined {
  if (!isSo(toMs)) return undefined;
  let [low, high] = [fromMs, toMs];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isSo(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/** Index of the first point later than an instant; as many as there are points if none is. */
function firstAfter(points: readonly SpendPoint[], atMs: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.atMs ?? Number.POSITIVE_INFINITY) > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
