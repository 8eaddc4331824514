import type { Money } from './billing-client';
import { formatUsd, parseNanoUsd } from './exact';
import { OPERATIONS, type Latencies } from './latencies';
import type { Tally } from './player';

/** A month's money before and after the replay. */
export interface MonthChange {
  readonly before: Money | undefined;
  readonly after: Money;
}

export interface ReplayResult {
  readonly tally: Tally;
  readonly latencies: Latencies;
  readonly seconds: number;
  /** Every month in which the replay spent, the last one last. */
  readonly months: readonly MonthChange[];
}

const NUMBER = new Intl.NumberFormat('en-US');
const LABEL_WIDTH = 26;
const FIGURE_WIDTH = 11;

function line(label: string, ...figures: string[]): string {
  return `  ${label.padEnd(LABEL_WIDTH)}${figures.map((f) => f.padStart(FIGURE_WIDTH)).join('')}`;
}

/** What the ledger says was spent while the replay ran. */
export function ledgerSpendNanoUsd(months: readonly MonthChange[]): bigint {
  return months.reduce(
    (sum, { before, after }) =>
      sum + parseNanoUsd(after.spentUsd) - parseNanoUsd(before?.spentUsd ?? '0'),
    0n,
  );
}

/** The ledger ties out with the trace, to the nano-USD, and every request was decided on. */
export function isTied({ tally, months }: ReplayResult): boolean {
  return (
    ledgerSpendNanoUsd(months) === tally.ownSumNanoUsd &&
    tally.differing.length === 0 &&
    tally.failed.size === 0
  );
}

function reasonLines(word: string, reasons: ReadonlyMap<string, number>): string[] {
  return [...reasons].map(([reason, times]) => line(`${word} ${reason}`, NUMBER.format(times)));
}

function latencyLines(latencies: Latencies): string[] {
  const row = (label: string, { calls, p50, p95, p99 }: ReturnType<Latencies['percentiles']>) =>
    line(label, NUMBER.format(calls), ...[p50, p95, p99].map((ms) => `${ms.toFixed(1)} ms`));
  return [
    line('latency', 'calls', 'p50', 'p95', 'p99'),
    ...OPERATIONS.map((operation) => row(`  ${operation}`, latencies.percentiles(operation))),
    row('  all', latencies.percentiles()),
  ];
}

function verdict(result: ReplayResult): string[] {
  const { tally, months } = result;
  const ledger = ledgerSpendNanoUsd(months);
  const lines = [
    line("the trace's own sum", formatUsd(tally.ownSumNanoUsd)),
    line("the ledger's spend", formatUsd(ledger)),
  ];
  if (isTied(result)) return [...lines, '  equal to the nano-dollar'];
  if (ledger !== tally.ownSumNanoUsd) {
    lines.push(`  DIFFERENT by ${formatUsd(ledger - tally.ownSumNanoUsd)}`);
  }
  if (tally.differing.length > 0) {
    const [first] = tally.differing;
    lines.push(`  DIFFERENT in ${tally.differing.length} records, first ${first}`);
  }
  if (tally.failed.size > 0) lines.push('  INCOMPLETE: some requests were not decided on');
  return lines;
}

/** The table at the end. */
export function reportOf(result: ReplayResult): string {
  const { tally, latencies, seconds, months } = result;
  const last = months.at(-1)?.after;
  return [
    '',
    line('requests', NUMBER.format(tally.requests)),
    line('admitted', NUMBER.format(tally.admitted)),
    ...reasonLines('denied', tally.denied),
    ...reasonLines('failed', tally.failed),
    '',
    line('spent', `$${last?.spentUsd}`),
    line('reserved', `$${last?.reservedUsd}`),
    line('remaining', `$${last?.remainingUsd}`),
    '',
    ...latencyLines(latencies),
    line('duration', `${seconds.toFixed(1)} s`),
    line('requests per second', NUMBER.format(Math.round(tally.requests / seconds))),
    line('calls per second', NUMBER.format(Math.round(latencies.calls / seconds))),
    '',
    ...verdict(result),
    '',
  ].join('\n');
}
