/** The outside world that the guard depends on, so that tests can set it. */
export interface Runtime {
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, less than 1. */
  random(): number;
  /** Runs the action once after so many milliseconds; the function returned calls it off. */
  after(delayMs: number, action: () => void): () => void;
}

export const nodeRuntime: Runtime = {
  now: Date.now,
  random: Math.random,
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs);
    return () => clearTimeout(timer);
  },
};

export function sleep(runtime: Runtime, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.after(delayMs, resolve);
  });
}
