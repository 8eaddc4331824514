import { curveThrough } from './spend-curve';
import type { SpendPoint } from './spend-history';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** While figures move, a point is taken in each of these. */
const SLOT_MS = 10 * MINUTE_MS;

/** How far apart the sweeps are that look at a month. */
const SWEEP_INTERVAL_MS = MINUTE_MS;

/** From the full hour before this age on, points are kept as they are: for the last hour's rate. */
const FINE_MS = HOUR_MS;

/** So far back every full hour has a point: a week's pattern, and a day of room. */
const HOURLY_MS = 8 * DAY_MS;

/** A point comes every hour at the latest; a longer silence means that nobody looked. */
const LONGEST_KNOWN_SILENCE_MS = HOUR_MS + SLOT_MS;

/** No month has more points than this: its first, days, hours, and two for each fine slot. */
export const MAX_POINTS = 1 + 31 + HOURLY_MS / HOUR_MS + 2 * ((FINE_MS + HOUR_MS) / SLOT_MS);

/** The first instant of a month and of the one after it, in milliseconds since the epoch. */
export interface MonthSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The points of a month with one more, thinned; undefined when none is due. While the month runs
 * one is due in every 10 minutes in which the figures moved, and in every hour. Once it is over
 * every move is due, as nobody comes back to a month that is forgotten.
 */
export function withPoint(
  points: readonly SpendPoint[],
  point: SpendPoint,
  span: MonthSpan,
): readonly SpendPoint[] | undefined {
  const last = points.at(-1);
  if (last !== undefined && isOlder(point, last)) return undefined;
  if (!isDue(last, point, span)) return undefined;
  const isSameSlot = last !== undefined && slotOf(last) === slotOf(point);
  const before = isSameSlot ? points.slice(0, -1) : points;
  return thinned([...before, ...held(before.at(-1), point, span), point]);
}

/** The points and what was seen now, for reading: nothing is thinned, and nothing need be due. */
export function withPresent(
  points: readonly SpendPoint[],
  present: SpendPoint,
  span: MonthSpan,
): readonly SpendPoint[] {
  const last = points.at(-1);
  if (last !== undefined && isOlder(present, last)) return points;
  return [...points, ...held(last, present, span), present];
}

/** Spend never falls, so a lower figure was read before the point that stands there. */
function isOlder(point: SpendPoint, last: SpendPoint): boolean {
  return point.atMs <= last.atMs || point.spent < last.spent;
}

function isDue(last: SpendPoint | undefined, point: SpendPoint, { endMs }: MonthSpan): boolean {
  if (point.atMs >= endMs + HOURLY_MS) return false;
  if (last === undefined) return true;
  const hasMoved = point.spent !== last.spent || point.committed !== last.committed;
  if (point.atMs >= endMs) return hasMoved;
  if (hourOf(point) > hourOf(last)) return true;
  return hasMoved && slotOf(point) > slotOf(last);
}

/**
 * A slot without a point was one in which nothing moved. So after a silence the new figures are
 * news of the last minute, and drawing a line from the last point would spread them over an hour.
 */
function held(
  last: SpendPoint | undefined,
  point: SpendPoint,
  { startMs }: MonthSpan,
): readonly SpendPoint[] {
  // Nothing is spent in a month before its first instant.
  const atMs = Math.max(point.atMs - SWEEP_INTERVAL_MS, startMs - 1);
  if (last === undefined) return point.spent > 0n ? [{ atMs, spent: 0n, committed: 0n }] : [];
  const wasSilent = slotOf(point) - slotOf(last) > 1 && point.spent > last.spent;
  const isKnown = point.atMs - last.atMs <= LONGEST_KNOWN_SILENCE_MS;
  return wasSilent && isKnown && atMs > last.atMs ? [{ ...last, atMs }] : [];
}

/**
 * All points of the last hour or two; before them what the spend was at each full hour, and before those
 * at each midnight. Read off while the points around them are still there, so that the same hour of
 * two days can be compared to the minute.
 */
function thinned(points: readonly SpendPoint[]): readonly SpendPoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return points;
  const fineMs = Math.floor((last.atMs - FINE_MS) / HOUR_MS) * HOUR_MS;
  if (first.atMs >= fineMs) return points;
  const fine = points.filter(({ atMs }) => atMs > fineMs);
  const hourlyMs = last.atMs - HOURLY_MS;
  const times = [
    ...multiplesOf(DAY_MS, first.atMs, hourlyMs),
    ...multiplesOf(HOUR_MS, Math.max(first.atMs, hourlyMs), fineMs),
  ];
  const spentAt = curveThrough(points);
  const committedAt = curveThrough(points, ({ committed }) => committed);
  const old = times.map((atMs) => ({ atMs, spent: spentAt(atMs), committed: committedAt(atMs) }));
  return [first, ...old, ...fine];
}

/** The multiples that are later than one instant and not later than another. */
function multiplesOf(stepMs: number, afterMs: number, untilMs: number): number[] {
  const [from, to] = [Math.floor(afterMs / stepMs) + 1, Math.floor(untilMs / stepMs)];
  return Array.from({ length: Math.max(to - from + 1, 0) }, (_, index) => (from + index) * stepMs);
}

function slotOf({ atMs }: SpendPoint): number {
  return Math.floor(atMs / SLOT_MS);
}

function hourOf({ atMs }: SpendPoint): number {
  return Math.floor(atMs / HOUR_MS);
}
