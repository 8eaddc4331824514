/** How much is measured. The times bound it on a machine of any speed. */
export interface Extent {
  readonly clientCounts: readonly number[];
  readonly manyTenants: number;
  readonly leastRunsInWave: number;
  readonly stepsPerRun: number;
  /** No new call of an operation begins in a wave after this. */
  readonly operationMs: number;
  /** So many waves are wanted; no new one begins when the time for them is used up. */
  readonly waves: number;
  readonly wavesMs: number;
  readonly floorCalls: number;
}

/** The ordinary run. */
export const WHOLE: Extent = {
  clientCounts: [1, 10, 50, 200],
  manyTenants: 200,
  leastRunsInWave: 100,
  stepsPerRun: 2,
  operationMs: 4_000,
  waves: 5,
  wavesMs: 16_000,
  floorCalls: 2_000,
};

/** A look, for `--quick`. */
export const QUICK: Extent = {
  ...WHOLE,
  manyTenants: 40,
  leastRunsInWave: 20,
  stepsPerRun: 1,
  operationMs: 700,
  waves: 1,
  floorCalls: 300,
};

/** At least two runs for each client, so that a wave is more than its own beginning and end. */
export function runsInWave({ leastRunsInWave }: Extent, clients: number): number {
  return Math.max(leastRunsInWave, 2 * clients);
}
