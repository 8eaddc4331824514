import { monthSpan } from '../../../core/forecast/month-span';
import type { SpendPoint } from '../../../core/forecast/spend-history';
import { MAX_POINTS, withPoint, withPresent } from '../../../core/forecast/spend-points';
import { Random } from '../../support/random';

const SPAN = monthSpan('2026-11');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function at(time: string, spent: bigint, committed = spent): SpendPoint {
  return { atMs: Date.parse(`2026-11-${time}Z`), spent, committed };
}

/** The points after a sweep at each of these. */
function after(...sweeps: readonly SpendPoint[]): readonly SpendPoint[] {
  return sweeps.reduce<readonly SpendPoint[]>(
    (points, sweep) => withPoint(points, sweep, SPAN) ?? points,
    [],
  );
}

describe('a point is due', () => {
  test('at the first sweep, also when nothing is spent', () => {
    expect(after(at('10T09:00:30', 0n))).toEqual([at('10T09:00:30', 0n)]);
  });

  test('once in ten minutes in which figures moved', () => {
    const first = at('10T09:00:30', 0n);
    expect(withPoint([first], at('10T09:09:30', 5n), SPAN)).toBeUndefined();
    expect(after(first, at('10T09:10:30', 5n))).toEqual([first, at('10T09:10:30', 5n)]);
  });

  test('when only what is held moved', () => {
    const first = at('10T09:00:30', 0n);
    expect(after(first, at('10T09:10:30', 0n, 7n))).toHaveLength(2);
  });

  test('every hour when nothing moved', () => {
    const first = at('10T09:40:30', 5n);
    const points = after(at('10T09:39:30', 0n), first);
    expect(withPoint(points, at('10T09:59:30', 5n), SPAN)).toBeUndefined();
    expect(withPoint(points, at('10T10:00:30', 5n), SPAN)?.at(-1)).toEqual(at('10T10:00:30', 5n));
  });

  test('never for figures that are older than those that stand there', () => {
    const points = after(at('10T09:00:30', 0n), at('10T09:10:30', 5n));
    expect(withPoint(points, at('10T09:10:29', 9n), SPAN)).toBeUndefined();
    expect(withPoint(points, at('10T11:00:00', 4n), SPAN)).toBeUndefined();
  });
});

describe('after a silence', () => {
  const first = at('10T09:05:30', 3n);
  const began = at('10T09:04:30', 0n);

  test('new spend is of the last minute', () => {
    expect(after(first, at('10T09:45:30', 9n))).toEqual([
      began,
      first,
      at('10T09:44:30', 3n),
      at('10T09:45:30', 9n),
    ]);
  });

  test('but of any time when nobody looked for more than an hour', () => {
    expect(after(first, at('10T10:45:30', 9n))).toEqual([began, first, at('10T10:45:30', 9n)]);
  });

  test('it is so for who reads between two sweeps, too', () => {
    const points = after(first);
    expect(withPresent(points, at('10T09:45:30', 9n), SPAN).slice(2)).toEqual([
      at('10T09:44:30', 3n),
      at('10T09:45:30', 9n),
    ]);
    expect(withPresent([], at('10T09:45:30', 9n), SPAN)).toHaveLength(2);
  });

  test('nothing is spent before the month begins', () => {
    const before = { ...at('01T00:00:00', 0n), atMs: SPAN.startMs - 1 };
    expect(after(at('01T00:00:20', 3n))).toEqual([before, at('01T00:00:20', 3n)]);
    expect(after(at('01T00:00:00', 3n))).toEqual([before, at('01T00:00:00', 3n)]);
  });
});

describe('a month that is over', () => {
  const last = at('30T23:59:30', 5n);
  const tail = (minutes: number, spent: bigint): SpendPoint => {
    return { atMs: SPAN.endMs + minutes * MINUTE, spent, committed: spent };
  };
  const points = after(at('30T23:49:30', 0n), last);

  test('keeps every move, as it may be its last', () => {
    const once = withPoint(points, tail(1, 6n), SPAN);
    expect(once?.at(-1)).toEqual(tail(1, 6n));
    const twice = withPoint(once ?? [], tail(2, 7n), SPAN);
    // In place of the one before: a retold minute must not make the record grow.
    expect(twice).toHaveLength(once?.length ?? 0);
    expect(twice?.at(-1)).toEqual(tail(2, 7n));
  });

  test('takes no points without a move, and none that nobody will read', () => {
    expect(withPoint(points, tail(90, 5n), SPAN)).toBeUndefined();
    expect(withPoint(points, tail(8 * 24 * 60, 6n), SPAN)).toBeUndefined();
  });
});

test('old points thin out to hours, then to days, and never become too many', () => {
  const random = new Random(7);
  let points: readonly SpendPoint[] = [];
  let most = 0;
  let spent = 0n;
  const toMs = SPAN.endMs + 3 * DAY;
  for (let atMs = SPAN.startMs; atMs < toMs; atMs += MINUTE) {
    if (random.chance(60)) spent += BigInt(random.below(1_000));
    points = withPoint(points, { atMs, spent, committed: spent }, SPAN) ?? points;
    most = Math.max(most, points.length);
    if (atMs !== SPAN.endMs - MINUTE) continue;
    const gapsOf = (fromMs: number, untilMs: number): number[] => {
      const times = points.map((point) => point.atMs).filter((ms) => fromMs <= ms && ms < untilMs);
      return times.slice(1).map((ms, index) => ms - (times[index] ?? 0));
    };
    expect(Math.max(...gapsOf(atMs - HOUR, atMs + 1))).toBeLessThanOrEqual(11 * MINUTE);
    expect(Math.max(...gapsOf(atMs - 8 * DAY, atMs + 1))).toBeLessThanOrEqual(HOUR);
    expect(Math.max(...gapsOf(0, atMs + 1))).toBeLessThanOrEqual(DAY);
    expect(points[0]?.atMs).toBe(SPAN.startMs - 1);
  }
  expect(most).toBeGreaterThan(200);
  expect(most).toBeLessThanOrEqual(MAX_POINTS);
});
