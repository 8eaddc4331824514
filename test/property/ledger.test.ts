import { BREAKAGES } from './simulation/breakages';
import { Violation } from './simulation/invariants';
import { runSchedule } from './simulation/schedule';

const SCHEDULES = 20_000;
const FIRST_SEED = 1;
const SEEDS_FOR_A_BREAKAGE = 2_000;
const TIMEOUT_MS = 240_000;

async function firstViolation(name: string): Promise<Violation | undefined> {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS_FOR_A_BREAKAGE; seed += 1) {
    try {
      await runSchedule(seed, BREAKAGES[name]);
    } catch (fault) {
      if (fault instanceof Violation) return fault;
      throw fault;
    }
  }
  return undefined;
}

test(
  `no invariant breaks in ${SCHEDULES} random schedules from seed ${FIRST_SEED}`,
  async () => {
    let lateDuplicates = 0;
    let crashes = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SCHEDULES; seed += 1) {
      const result = await runSchedule(seed);
      lateDuplicates += result.lateDuplicates;
      crashes += result.crashes;
    }
    // A simulation in which nothing goes wrong proves nothing.
    expect(lateDuplicates).toBeGreaterThan(SCHEDULES);
    expect(crashes).toBeGreaterThan(SCHEDULES / 4);
  },
  TIMEOUT_MS,
);

describe('what broke on the way is noticed', () => {
  test.each(Object.keys(BREAKAGES))(
    '%s',
    async (name) => {
      const violation = await firstViolation(name);
      expect(violation).toBeInstanceOf(Violation);
    },
    TIMEOUT_MS,
  );

  test('and the seed that is printed shows it again', async () => {
    const name = 'a fence does not name the hold it kills';
    const violation = await firstViolation(name);
    const seed = Number(/^seed (\d+): /.exec(violation?.message ?? '')?.[1]);
    await expect(runSchedule(seed, BREAKAGES[name])).rejects.toThrow(violation?.message);
  });
});
