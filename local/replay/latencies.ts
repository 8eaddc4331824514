/** The operations of which a replay consists. */
export const OPERATIONS = ['run check', 'step check', 'usage', 'completion'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Percentiles {
  readonly calls: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** Collects how long calls took, in milliseconds. */
export class Latencies {
  private readonly byOperation = new Map<Operation, number[]>();
  calls = 0;

  add(operation: Operation, ms: number): void {
    this.calls += 1;
    const list = this.byOperation.get(operation);
    if (list === undefined) this.byOperation.set(operation, [ms]);
    else list.push(ms);
  }

  /** Of one operation, or of all. */
  percentiles(operation?: Operation): Percentiles {
    const lists =
      operation === undefined
        ? [...this.byOperation.values()]
        : [this.byOperation.get(operation) ?? []];
    const sorted = Float64Array.from(lists.flat()).toSorted();
    // Nearest rank: a latency that really was.
    const at = (part: number) => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
    return { calls: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
  }
}
