import { MaestroUnavailableError } from './maestro-errors';
import { type Runtime, sleep } from './runtime';

export interface TimeLimits {
  /** Milliseconds since 1970 after which no attempt is begun or awaited. */
  readonly deadlineMs: number;
  /** How long a single attempt may take, in milliseconds. */
  readonly attemptTimeoutMs: number;
}

const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;

/**
 * Half of each delay is fixed and half random: callers that failed together do not come back
 * together, and none of them comes back at once.
 */
function backoffMs(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** attempt);
  return ceiling / 2 + (ceiling / 2) * random;
}

/**
 * Makes the call again until Maestro answers or time is up. Right for calls that are safe to
 * repeat alone; the caller passes the same ids each time.
 *
 * Written here, since the usual libraries wait their own backoff on top of `Retry-After` and take
 * neither a clock nor a source of randomness.
 *
 * @throws MaestroUnavailableError of the last attempt when time is up; every other error at once.
 */
export async function repeatUntilAnswered<T>(
  call: (signal: AbortSignal) => Promise<T>,
  limits: TimeLimits,
  runtime: Runtime,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    const leftMs = limits.deadlineMs - runtime.now();
    if (leftMs <= 0) throw new MaestroUnavailableError('no time left to call Maestro');
    try {
      return await call(AbortSignal.timeout(Math.ceil(Math.min(limits.attemptTimeoutMs, leftMs))));
    } catch (error) {
      if (!(error instanceof MaestroUnavailableError)) throw error;
      const delayMs = Math.max(backoffMs(attempt, runtime.random()), error.retryAfterMs ?? 0);
      if (runtime.now() + delayMs >= limits.deadlineMs) throw error;
      await sleep(runtime, delayMs);
    }
  }
}
