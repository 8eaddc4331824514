import { monthSpan } from '../../../core/forecast/month-span';
import { burnRateOf, forecastOf, isFirm, type MonthSpend } from '../../../core/forecast/outlook';
import { seenAt, type Charge } from '../../support/spend-traffic';

const NOVEMBER = monthSpan('2026-11');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ms = (time: string): number => Date.parse(`2026-${time}Z`);

/** The same amount again and again. */
function every(stepMs: number, fromMs: number, toMs: number, amount: bigint): Charge[] {
  const charges: Charge[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += stepMs) charges.push({ atMs, amount });
  return charges;
}

function seen(charges: readonly Charge[], time: string, limit?: bigint): MonthSpend {
  const [month] = seenAt(charges, [ms(time)], limit);
  if (month === undefined) throw new Error('nothing was asked');
  return month;
}

function dateOf(limitReachedMs: number | undefined): string | undefined {
  return limitReachedMs === undefined ? undefined : new Date(limitReachedMs).toISOString();
}

describe('burn rate', () => {
  test('is what was spent in the last hour and in the last day', () => {
    const charges = every(MINUTE, ms('11-10T00:00:00'), ms('11-13T00:00:00'), 10n);
    // A sweep is at 59.999 seconds of every minute.
    const { lastHour, lastDay } = burnRateOf(seen(charges, '11-12T12:00:59.999'));
    expect(lastHour).toBe(600n);
    // A minute's charges are one step, and a day ago the points stand an hour apart.
    expect(Math.abs(Number(lastDay - 14_400n))).toBeLessThanOrEqual(10);
  });

  test('sees the first minute of a tenant that the sweeper has not seen yet', () => {
    const month = { ...seen([{ atMs: ms('11-10T09:00:00'), amount: 50n }], '11-10T09:00:20') };
    expect(burnRateOf({ ...month, points: [] })).toEqual({ lastHour: 50n, lastDay: 50n });
  });

  test('knows when a burst after a silence began', () => {
    const charges = [
      { atMs: ms('11-10T06:00:00'), amount: 1n },
      { atMs: ms('11-10T10:55:30'), amount: 6_000n },
    ];
    expect(burnRateOf(seen(charges, '11-10T11:10:30')).lastHour).toBe(6_000n);
    expect(burnRateOf(seen(charges, '11-10T11:54:00')).lastHour).toBe(6_000n);
    expect(burnRateOf(seen(charges, '11-10T11:57:00')).lastHour).toBe(0n);
  });

  test('goes on over the turn of the month', () => {
    const charges = every(MINUTE, ms('10-28T00:00:00'), ms('11-03T00:00:00'), 10n);
    for (const time of ['11-01T00:01', '11-01T00:20', '11-01T12:00', '11-01T23:59']) {
      const { lastHour, lastDay } = burnRateOf(seen(charges, `${time}:59.999`));
      expect(Math.abs(Number(lastHour - 600n))).toBeLessThanOrEqual(10);
      expect(Math.abs(Number(lastDay - 14_400n))).toBeLessThanOrEqual(10);
    }
  });

  test('of a month that is over is what is still settled in it', () => {
    const points = [
      { atMs: ms('11-30T20:00:00'), spent: 0n, committed: 0n },
      { atMs: ms('11-30T23:30:00'), spent: 700n, committed: 700n },
      { atMs: ms('12-01T00:10:00'), spent: 900n, committed: 900n },
    ];
    const figures = { spent: 900n, committed: 900n, limit: 1_000n, points, before: [] };
    const rateAt = (time: string) => burnRateOf({ ...NOVEMBER, ...figures, nowMs: ms(time) });
    expect(rateAt('12-01T00:30:00')).toEqual({ lastHour: 200n, lastDay: 900n });
    expect(rateAt('12-15T00:00:00')).toEqual({ lastHour: 0n, lastDay: 0n });
    expect(rateAt('10-15T00:00:00')).toEqual({ lastHour: 0n, lastDay: 0n });
  });
});

describe('basis', () => {
  const charges = every(10 * MINUTE, ms('11-10T09:00:00'), ms('12-01T00:00:00'), 1_000n);

  test.each([
    ['11-10T09:00:00', 'elapsed', false],
    ['11-11T08:59:00', 'elapsed', false],
    ['11-11T09:00:00', '24h', true],
    ['11-17T08:00:00', '24h', true],
    ['11-17T08:59:00', '24h', true],
    ['11-17T09:00:00', '7d', true],
  ] as const)('at %s is %s', (time, basis, firm) => {
    const forecast = forecastOf(seen(charges, time));
    expect([forecast.basis, isFirm(forecast)]).toEqual([basis, firm]);
  });

  test('is none before anything is spent', () => {
    const month = seen([{ atMs: ms('11-10T09:00:00'), amount: 0n }], '11-20T00:00:00');
    expect(forecastOf(month)).toEqual({
      projected: 0n,
      limitReachedMs: undefined,
      exceedsLimit: false,
      basis: 'none',
    });
  });

  test('goes back into the month before, however long ago the tenant spent there', () => {
    const early = [{ atMs: ms('10-03T09:00:00'), amount: 9n }];
    const month = seen([...early, { atMs: ms('11-20T09:00:00'), amount: 70n }], '11-20T10:00:00');
    expect(forecastOf(month)).toMatchObject({ basis: '7d', projected: 70n + 70n });
  });
});

describe('projection', () => {
  test('takes the shortest elapsed time to be an hour', () => {
    const charges = [{ atMs: ms('11-30T12:00:00'), amount: 100n }];
    expect(forecastOf(seen(charges, '11-30T12:01:00')).projected).toBe(100n + 100n * 12n - 2n);
  });

  test('repeats the last day with its hours', () => {
    // Office hours: 09:00 to 17:00, since the 10th at 09:00.
    const charges = [10, 11, 12].flatMap((day) =>
      every(HOUR, ms(`11-${day}T09:00:00`), ms(`11-${day}T17:00:00`), 1_000n),
    );
    const month = seen(charges, '11-11T13:30:00');
    // Spent: 8 + 5. To come: 3 today, 8 on each of the 19 days left.
    expect(month.spent).toBe(13_000n);
    const { projected, basis } = forecastOf(month);
    expect(basis).toBe('24h');
    // How much of an hour is over is known of this day, and of the day before only that it was 1,000.
    expect(Math.abs(Number(projected - 13_000n - 3_000n - 152_000n))).toBeLessThanOrEqual(500);
  });

  test('repeats the last week with its weekdays', () => {
    // A thousand at noon of each working day since Monday 2 November.
    const noons = Array.from({ length: 30 }, (_, day) => ms('11-01T12:00:00') + day * DAY);
    const charges = noons
      .filter((noon) => ![0, 6].includes(new Date(noon).getUTCDay()))
      .map((atMs) => ({ atMs, amount: 1_000n }));
    // Saturday: five are spent this week; 21 working days in all.
    expect(forecastOf(seen(charges, '11-14T20:00:00'))).toMatchObject({
      projected: 21_000n,
      basis: '7d',
    });
  });

  test('of a month that is over, or has not begun, is what is spent', () => {
    const figures = { spent: 900n, committed: 900n, limit: 800n, points: [], before: [] };
    for (const time of ['12-01T00:00:00', '12-24T00:00:00']) {
      expect(forecastOf({ ...NOVEMBER, ...figures, nowMs: ms(time) })).toEqual({
        projected: 900n,
        limitReachedMs: undefined,
        exceedsLimit: true,
        basis: 'none',
      });
    }
    const ahead = { ...NOVEMBER, ...figures, spent: 0n, nowMs: ms('10-31T23:59:59') };
    expect(forecastOf(ahead)).toEqual({
      projected: 0n,
      limitReachedMs: undefined,
      exceedsLimit: false,
      basis: 'none',
    });
  });
});

describe('the limit', () => {
  const charges = every(MINUTE, ms('11-01T00:00:00'), ms('12-01T00:00:00'), 1n);

  test('will be reached when the projection says so', () => {
    const { limitReachedMs, exceedsLimit } = forecastOf(seen(charges, '11-16T00:00:00', 28_801n));
    expect(dateOf(limitReachedMs)).toBe('2026-11-21T00:00:00.000Z');
    expect(exceedsLimit).toBe(true);
  });

  test('is not reached in this month when the projection stays below', () => {
    const { projected, ...forecast } = forecastOf(seen(charges, '11-16T00:00:00', 43_210n));
    expect(projected).toBeLessThan(43_210n);
    expect(forecast).toEqual({ limitReachedMs: undefined, exceedsLimit: false, basis: '7d' });
  });

  test('was reached when the points say so', () => {
    const month = seen(charges, '11-16T00:00:00', 14_400n);
    const { limitReachedMs, exceedsLimit } = forecastOf(month);
    expect(exceedsLimit).toBe(true);
    expect(Math.abs((limitReachedMs ?? 0) - ms('11-10T23:59:00'))).toBeLessThan(2 * MINUTE);
    const over = { ...month, nowMs: NOVEMBER.endMs + DAY };
    expect(forecastOf(over).limitReachedMs).toBe(limitReachedMs);
  });

  test('is reached within the month even by the run that settles after it', () => {
    const points = [
      { atMs: ms('11-30T23:00:00'), spent: 0n, committed: 0n },
      { atMs: ms('12-01T00:10:00'), spent: 900n, committed: 900n },
    ];
    const figures = { spent: 900n, committed: 900n, limit: 900n, points, before: [] };
    const forecast = forecastOf({ ...NOVEMBER, ...figures, nowMs: ms('12-02T00:00:00') });
    expect(dateOf(forecast.limitReachedMs)).toBe('2026-11-30T23:59:59.000Z');
    expect(forecast.exceedsLimit).toBe(false);
  });

  test('of zero is reached by the first spend, and not before', () => {
    expect(forecastOf(seen(charges, '11-16T00:00:00', 0n)).exceedsLimit).toBe(true);
    const nothing = seen([{ atMs: ms('11-10T09:00:00'), amount: 0n }], '11-20T00:00:00', 0n);
    expect(forecastOf(nothing).limitReachedMs).toBeUndefined();
  });
});
