import type { SpendPoint } from './spend-history';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** While figures move, a point is taken in each of these. */
const SLOT_MS = 10 * MINUTE_MS;

/** How far apart the sweeps are that look at a month. */
const SWEEP_INTERVAL_MS = MINUTE_MS;

/** Points younger than this are all kept: the last hour's rate needs them. */
const FINE_MS = 2 * HOUR_MS;

/** Points younger than this are kept hour by hour: a week's pattern and a day of room. */
const HOURLY_MS = 8 * DAY_MS;

/** A point comes every hour at the latest; a longer silence means that nobody looked. */
const LONGEST_KNOWN_SILENCE_MS = HOUR_MS + SLOT_MS;

/** No month has more points than this: 2 for each fine slot, the hours, and the days before. */
export const MAX_POINTS = 2 * (FINE_MS / SLOT_MS + 1) + HOURLY_MS / HOUR_MS + 2 + 31;

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
  const atMs = Math.max(point.atMs - SWEEP_INTERVAL_MS, startMs);
  if (last === undefined) {
    const isNew = point.spent > 0n && atMs < point.atMs;
    return isNew ? [{ atMs, spent: 0n, committed: 0n }] : [];
  }
  const wasSilent = slotOf(point) - slotOf(last) > 1 && point.spent > last.spent;
  const isKnown = point.atMs - last.atMs <= LONGEST_KNOWN_SILENCE_MS;
  return wasSilent && isKnown && atMs > last.atMs ? [{ ...last, atMs }] : [];
}

/** All of the last hours, then the first of each hour, then the first of each day. */
function thinned(points: readonly SpendPoint[]): readonly SpendPoint[] {
  const nowMs = points.at(-1)?.atMs ?? 0;
  const places = points.map(({ atMs }) => placeOf(atMs, nowMs - atMs));
  return points.filter((_point, index) => places[index] !== places[index - 1]);
}

function placeOf(atMs: number, ageMs: number): string {
  if (ageMs < FINE_MS) return `at ${atMs}`;
  if (ageMs < HOURLY_MS) return `hour ${Math.floor(atMs / HOUR_MS)}`;
  return `day ${Math.floor(atMs / DAY_MS)}`;
}

function slotOf({ atMs }: SpendPoint): number {
  return Math.floor(atMs / SLOT_MS);
}

function hourOf({ atMs }: SpendPoint): number {
  return Math.floor(atMs / HOUR_MS);
}
