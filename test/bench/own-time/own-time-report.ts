import { blocks, figure, table, withSpread } from '../support/markdown';
import type { OwnTime, OwnTimeCell } from './own-time';

/** The aim for the p50 of one decision. */
export const AIM_OWN_P50_MS = 0.5;

const milliseconds = (value: number) => value.toFixed(3);

function row({ operation, openHolds, p50Ms, ms }: OwnTimeCell): (string | number)[] {
  const { p95, p99 } = ms;
  return [
    operation,
    openHolds,
    withSpread(p50Ms, milliseconds),
    milliseconds(p95),
    milliseconds(p99),
  ];
}

const HEAD = ['operation', 'open holds', 'p50 ms (least to most)', 'p95 ms', 'p99 ms'];

export function ownTimeReport(result: OwnTime): string {
  const { engine, inMemory, withPauses, onEngine, cpuOnEngineMs, extent } = result;
  return blocks(
    "## The guard's own time",
    `The handlers of the functions, called with events as API Gateway sends them, one call after the other. The p50 is the median of ${extent.repeats} repeats with the least and the most; the other percentiles are over all calls. Open holds: so many runs are open in the month (run check, completion, denial), and so many steps in the run (step check, usage).`,
    `### With the ledger in memory (${extent.roundsInMemory} calls a repeat)`,
    'Everything but the DynamoDB adapter: claims, schemas, prices, use case, ledger protocol, answer, log line.',
    table(HEAD, inMemory.map(row)),
    'Code that goes on after a wait runs slower than code that never stops: the caches have been used by others meanwhile. The same with nothing but a pause of 2 ms where the engine would be asked, the pauses taken off:',
    table(HEAD, withPauses.map(row)),
    `### With the DynamoDB adapter and the SDK (${extent.roundsOnEngine} calls a repeat)`,
    `The same calls on ${engine} in a process of its own. Ours is the whole call without what was spent in the SDK's \`send\`: the guard as above and the adapter's expressions and items. The SDK's is its \`send\` without the time during which a request was out: translating items, serialising, signing, reading the answer. The rest of the whole is Node's HTTP client, the system and the engine.`,
    table(
      [...HEAD, 'SDK, p50 ms', 'the whole, p50 ms'],
      onEngine.map((cell) => [...row(cell), figure(cell.sdkP50Ms), figure(cell.totalP50Ms)]),
    ),
    `All processor time of the process for one of these calls, HTTP client, garbage collection and compiler threads included: ${withSpread(cpuOnEngineMs, milliseconds)} ms, mean over the five operations.`,
  );
}
