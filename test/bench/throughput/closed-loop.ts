export interface LoopResult<T> {
  /** What calls were made for, in the order in which they began. */
  readonly done: readonly T[];
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

export interface Loop<T> {
  readonly clients: number;
  /** A call is made for each of them, in their order. */
  readonly items: readonly T[];
  readonly send: (item: T) => Promise<unknown>;
  /** After this no new call begins; what is left of the items is left out. */
  readonly limitMs: number;
}

/**
 * So many clients work through the items, each sending its next call when it has the answer to the
 * last: no more than `clients` are ever under way.
 */
export async function runClients<T>(loop: Loop<T>): Promise<LoopResult<T>> {
  const { clients, items, send, limitMs } = loop;
  const latenciesMs: number[] = [];
  const startedMs = performance.now();
  let begun = 0;
  const client = async (isFirst: boolean): Promise<void> => {
    let mayBegin = isFirst;
    while (begun < items.length && (mayBegin || performance.now() - startedMs < limitMs)) {
      mayBegin = false;
      const item = items[begun] as T;
      begun += 1;
      const sentMs = performance.now();
      await send(item);
      latenciesMs.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: clients }, () => client(true)));
  const elapsedMs = performance.now() - startedMs;
  return { done: items.slice(0, begun), latenciesMs, elapsedMs };
}
