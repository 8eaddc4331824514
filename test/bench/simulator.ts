import { runSchedule } from '../property/simulation/schedule';
import type { Options } from './options';
import { blocks, figure, withSpread } from './support/markdown';
import type { Say } from './support/progress';
import { repeated, type Repeated } from './support/statistics';

const REPEATS = 3;
const SECONDS_A_REPEAT = { whole: 5, quick: 1.5 };
const WARM_UP_SCHEDULES = 100;

export interface SimulatorSpeed {
  readonly schedulesPerSecond: Repeated;
  readonly writesPerSecond: Repeated;
}

/** How fast the seeded simulator runs random schedules against the ledger, on one core. */
export async function measureSimulator({ isQuick }: Options, say: Say): Promise<SimulatorSpeed> {
  const ms = (isQuick ? SECONDS_A_REPEAT.quick : SECONDS_A_REPEAT.whole) * 1000;
  say('simulator: warming up');
  let seed = 1;
  for (; seed <= WARM_UP_SCHEDULES; seed += 1) await runSchedule(seed);
  const schedules: number[] = [];
  const writes: number[] = [];
  for (let repeat = 1; repeat <= REPEATS; repeat += 1) {
    say(`simulator: repeat ${repeat}`);
    const startedMs = performance.now();
    let count = 0;
    let sum = 0;
    for (; performance.now() - startedMs < ms; seed += 1) {
      sum += (await runSchedule(seed)).writes;
      count += 1;
    }
    const seconds = (performance.now() - startedMs) / 1000;
    schedules.push(count / seconds);
    writes.push(sum / seconds);
  }
  return { schedulesPerSecond: repeated(schedules), writesPerSecond: repeated(writes) };
}

export function simulatorReport({ schedulesPerSecond, writesPerSecond }: SimulatorSpeed): string {
  const { repeats, median } = schedulesPerSecond;
  return blocks(
    '## Simulator',
    `${withSpread(schedulesPerSecond, (value) => value.toFixed(0))} random schedules a second on one core, ${withSpread(writesPerSecond, (value) => value.toFixed(0))} ledger writes a second, every invariant checked after each (${repeats} repeats). A million schedules take about ${figure(1_000_000 / median / 60)} minutes.`,
  );
}
