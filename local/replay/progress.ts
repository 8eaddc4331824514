import { formatUsd } from './exact';
import type { Latencies } from './latencies';
import type { Tally } from './player';

const PERIOD_MS = 200;
const NUMBER = new Intl.NumberFormat('en-US');

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, times) => sum + times, 0);
}

/**
 * Keeps one line on the terminal up to date; does nothing where stderr is not a terminal.
 * @returns what ends it
 */
export function showProgress(tally: Tally, latencies: Latencies): () => void {
  if (!process.stderr.isTTY) return () => {};
  const startedAt = performance.now();
  const show = () => {
    const seconds = (performance.now() - startedAt) / 1000;
    const done = tally.admitted + total(tally.denied) + total(tally.failed);
    const percent = Math.floor((100 * done) / tally.requests);
    const parts = [
      `${NUMBER.format(done)} of ${NUMBER.format(tally.requests)} (${percent} %)`,
      `${NUMBER.format(tally.admitted)} admitted`,
      `${NUMBER.format(total(tally.denied))} denied`,
      `${formatUsd(tally.ownSumNanoUsd)} spent`,
      `${NUMBER.format(Math.round(latencies.calls / seconds))} calls/s`,
    ];
    process.stderr.write(`\r\u001b[K${parts.join('   ')}`);
  };
  const timer = setInterval(show, PERIOD_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\u001b[K');
  };
}
