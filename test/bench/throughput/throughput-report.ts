import { blocks, figure, table, withSpread } from '../support/markdown';
import { OPERATIONS } from '../support/operations';
import { runsInWave } from './extent';
import { floorReport } from './floor';
import type { Cell, Throughput } from './throughput';

const HEAD = [
  'operation',
  'clients',
  'calls',
  'calls/s (least to most)',
  'p50 ms',
  'p95 ms',
  'p99 ms',
];

export function throughputReport({ engine, cells, floor, extent }: Throughput): string {
  const waves = extent.clientCounts
    .map(
      (clients) =>
        `${runsInWave(extent, clients)} runs at ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    )
    .join(', ');
  const spreads = [...new Set(cells.map(({ tenants }) => tenants))];
  return blocks(
    '## Throughput and latency over HTTP',
    `Against the local cloud as \`npm start\` runs it (engine ${engine}, data in memory): one process with a thread for each function, the engine in another thread, a token verified for every call. Gateway, functions, engine and client share this machine's cores, so these figures compare one version with another and show what does not scale; they are not what a deployment would answer, where every function and the table scale out by themselves.`,
    `Each client sends its next call when it has the answer to the last. Calls come in waves of ${waves}, each run with ${extent.stepsPerRun} ${extent.stepsPerRun === 1 ? 'step' : 'steps'}: all run checks, then all step checks, usage reports and completions, and last run checks that are refused with 402; an operation gets ${extent.operationMs / 1000} seconds in a wave, so a slow machine makes fewer calls. With one tenant, its account carries up to that many open runs. Throughput is the median of up to ${extent.waves} waves with the least and the most; percentiles are over all calls.`,
    floorReport(floor),
    ...spreads.flatMap((tenants) => [
      tenants === 1 ? '### One tenant' : `### Spread over ${tenants} tenants`,
      table(
        HEAD,
        cells
          .filter((cell) => cell.tenants === tenants)
          .toSorted(byCall)
          .map(row),
      ),
    ]),
  );
}

function row({ operation, clients, calls, perSecond, latencyMs }: Cell): (string | number)[] {
  const { p50, p95, p99 } = latencyMs;
  const rate = withSpread(perSecond, (value) => value.toFixed(0));
  return [operation, clients, calls, rate, figure(p50), figure(p95), figure(p99)];
}

/** Operations in the order of a run's life, each with its clients ascending. */
function byCall(a: Cell, b: Cell): number {
  const order = OPERATIONS.indexOf(a.operation) - OPERATIONS.indexOf(b.operation);
  return order === 0 ? a.clients - b.clients : order;
}
