import { MaestroUnavailableError } from '../../../index';
import { repeatUntilAnswered } from '../../../lambdas/budget-guard/repeat-until-answered';
import { VirtualTime } from '../../support/manual-timers';

const limits = { deadlineMs: 10_000, attemptTimeoutMs: 1_000 };
const unavailable = (retryAfterMs?: number) => new MaestroUnavailableError('away', retryAfterMs);

function failingTimes(times: number, error: Error): () => Promise<string> {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw error;
    return `answer ${calls}`;
  };
}

test('the first answer needs no waiting', async () => {
  const time = new VirtualTime();
  expect(await repeatUntilAnswered(failingTimes(0, unavailable()), limits, time)).toBe('answer 1');
  expect(time.delays).toEqual([]);
});

test('delays double up to two seconds, half of each left to chance', async () => {
  const waits = async (random: number) => {
    const time = new VirtualTime(0, () => random);
    await repeatUntilAnswered(failingTimes(7, unavailable()), limits, time);
    return time.delays;
  };
  expect(await waits(0)).toEqual([25, 50, 100, 200, 400, 800, 1000]);
  expect(await waits(0.5)).toEqual([37.5, 75, 150, 300, 600, 1200, 1500]);
});

test('Retry-After is waited out, if it is longer than the backoff', async () => {
  const time = new VirtualTime();
  await repeatUntilAnswered(failingTimes(1, unavailable(3_000)), limits, time);
  expect(time.delays).toEqual([3_000]);
});

test('a Retry-After past the deadline ends it at once', async () => {
  const time = new VirtualTime();
  const call = repeatUntilAnswered(failingTimes(1, unavailable(10_000)), limits, time);
  await expect(call).rejects.toMatchObject({ retryAfterMs: 10_000 });
  expect(time.delays).toEqual([]);
});

test('it never lasts longer than the deadline', async () => {
  const time = new VirtualTime();
  const error = unavailable();
  const call = repeatUntilAnswered(failingTimes(1_000, error), limits, time);
  await expect(call).rejects.toBe(error);
  expect(time.now()).toBeLessThan(limits.deadlineMs);
});

test('past the deadline nothing is sent', async () => {
  let calls = 0;
  const call = repeatUntilAnswered(async () => (calls += 1), limits, new VirtualTime(10_000));
  await expect(call).rejects.toBeInstanceOf(MaestroUnavailableError);
  expect(calls).toBe(0);
});

test('other errors are not repeated', async () => {
  const time = new VirtualTime();
  const call = repeatUntilAnswered(failingTimes(1, new RangeError('mistake')), limits, time);
  await expect(call).rejects.toThrow('mistake');
  expect(time.delays).toEqual([]);
});

test('a single attempt is ended by its signal', async () => {
  let attempts = 0;
  const hangsOnce = (signal: AbortSignal) => {
    attempts += 1;
    if (attempts === 2) return Promise.resolve('answered');
    return new Promise<string>((_, reject) => {
      // Keeps the process alive: the signal's own timer does not.
      const alive = setTimeout(() => undefined, 5_000);
      signal.addEventListener('abort', () => {
        clearTimeout(alive);
        reject(unavailable());
      });
    });
  };
  const brief = { ...limits, attemptTimeoutMs: 30 };
  expect(await repeatUntilAnswered(hangsOnce, brief, new VirtualTime())).toBe('answered');
});
