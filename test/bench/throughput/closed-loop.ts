export interface LoopResult {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

/**
 * So many clients work through the calls, each sending its next one when it has the answer to the
 * last: no more than `clients` are ever under way.
 */
export async function runClients(
  clients: number,
  calls: readonly (() => Promise<unknown>)[],
): Promise<LoopResult> {
  const latenciesMs: number[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let call = calls[next]; call !== undefined; call = calls[next]) {
      next += 1;
      const startedMs = performance.now();
      await call();
      latenciesMs.push(performance.now() - startedMs);
    }
  };
  const startedMs = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  return { latenciesMs, elapsedMs: performance.now() - startedMs };
}
