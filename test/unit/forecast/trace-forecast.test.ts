import { makeTrace } from '../../../local/replay/trace';
import { forecastMisses, lastHourMiss } from '../../support/trace-forecast';

const MODEL = { model: 'gpt-4o-mini', provider: 'openai' };

/** The traffic that `npm run replay` makes for itself; `evaluate-forecast.ts` takes real traces. */
describe.each([1, 2, 3])('requests of many sizes, trace %s', (seed) => {
  const trace = makeTrace(seed);

  test("give the last hour's rate to the percent, whenever it is asked", () => {
    const { worst, average } = lastHourMiss(trace, MODEL);
    expect(worst).toBeLessThan(0.01);
    expect(average).toBeLessThan(0.002);
  });

  test('as the runs of a month give its end within 25 % from a week on, 5 % in its last days', () => {
    const misses = forecastMisses(trace, MODEL, [7.5, 10, 15, 20, 25, 29]);
    expect(misses.map(({ basis }) => basis)).toEqual(Array(6).fill('7d'));
    expect(Math.max(...misses.map(({ miss }) => Math.abs(miss)))).toBeLessThan(0.25);
    expect(Math.abs(misses.at(-1)?.miss ?? 1)).toBeLessThan(0.05);
  });
});
