import middy from '@middy/core';
import { type BudgetedContext, budgetGuard } from '../../../index';
import {
  type ChatEvent,
  type ChatResult,
  GuardBench,
  lambdaContext,
} from '../../support/guarded-handler';
import { ManualTimers } from '../../support/manual-timers';

let bench: GuardBench;
let timers: ManualTimers;

beforeEach(async () => {
  timers = new ManualTimers();
  bench = await new GuardBench().start();
  bench.openRun('run-1', '5');
});
afterEach(() => bench.server.stop());

/** A handler that is told from outside when to go on. */
function held<T>(): { promise: Promise<T>; release: (value: T) => void } {
  let release: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  expect(condition()).toBe(true);
}

const isSettled = () => bench.maestro.usageRecords().length > 0;

describe('a handler that does not end in time', () => {
  test('is charged its estimate while it still runs; what it answers later stands', async () => {
    const provider = held<ChatResult>();
    const invocation = bench.wrap(() => provider.promise, { runtime: timers })();
    await until(() => timers.armed.length === 1);
    expect(timers.armed[0]?.delayMs).toBeGreaterThan(27_000);
    expect(timers.armed[0]?.delayMs).toBeLessThanOrEqual(28_500);
    timers.fire();
    await until(isSettled);
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
    provider.release({ text: 'late' });
    expect(await invocation).toEqual({ text: 'late' });
    expect(bench.server.count('record-usage')).toBe(1);
  });

  test('is charged what it had reported', async () => {
    const provider = held<ChatResult>();
    const invocation = bench.wrap(
      (_event, { budget }) => {
        budget.report({ costUSD: '0.12' });
        return provider.promise;
      },
      { runtime: timers },
    )();
    await until(() => timers.armed.length === 1);
    timers.fire();
    await until(isSettled);
    expect(bench.figures().spentUSD).toBe('0.12');
    provider.release({ text: '' });
    await invocation;
  });

  test('gives its hold back with onTimeout release; usage told later is handed over', async () => {
    const provider = held<ChatResult>();
    const invocation = bench.wrap(() => provider.promise, {
      runtime: timers,
      onTimeout: 'release',
      usage: () => ({ costUSD: '0.09' }),
    })();
    await until(() => timers.armed.length === 1);
    timers.fire();
    await until(isSettled);
    provider.release({ text: '' });
    await invocation;
    expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.00' });
    expect(bench.failures).toMatchObject([
      { what: 'report-after-settlement', ending: 'timed-out', usage: { costUSD: '0.09' } },
    ]);
  });

  test('completes a run of its own as failed', async () => {
    const provider = held<ChatResult>();
    const invocation = bench.wrap(() => provider.promise, {
      runtime: timers,
      runId: undefined,
      openRun: { tenant: 'acme', pipeline: 'chat', runId: 'own' },
    })();
    await until(() => timers.armed.length === 1);
    timers.fire();
    await until(() => bench.maestro.runs.get('own')?.status === 'failed');
    provider.release({ text: '' });
    await invocation;
    expect(bench.server.count('complete-run')).toBe(1);
    expect(bench.figures().spentUSD).toBe('0.50');
  });

  test('settles with the real timer in good time before the deadline', async () => {
    const provider = held<ChatResult>();
    const context = lambdaContext(1_500);
    const invocation = bench.wrap(() => provider.promise, { marginMs: 1_200 })(context);
    await until(isSettled);
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0);
    provider.release({ text: '' });
    await invocation;
    expect(bench.figures().spentUSD).toBe('0.50');
  });
});

describe('the race between the end of the handler and the timer', () => {
  test('handler first: the timer is called off', async () => {
    await bench.wrap(async () => ({ text: '' }), { runtime: timers })();
    expect(timers.armed).toEqual([]);
  });

  test('a handler that throws calls the timer off', async () => {
    const invoke = bench.wrap(async () => Promise.reject(new Error('boom')), { runtime: timers });
    await expect(invoke()).rejects.toThrow('boom');
    expect(timers.armed).toEqual([]);
  });

  test('timer while the handler is being settled: settled once, as returned', async () => {
    bench.server.plan('record-usage', { kind: 'slow', delayMs: 200 });
    const goesOffAnyway = new ManualTimers();
    goesOffAnyway.callOff = () => undefined;
    const invocation = bench.wrap(async () => ({ text: 'done' }), {
      runtime: goesOffAnyway,
      usage: () => ({ costUSD: '0.02' }),
      onTimeout: 'charge-estimate',
    })();
    await until(isSettled);
    goesOffAnyway.fire();
    expect(await invocation).toEqual({ text: 'done' });
    expect(bench.server.count('record-usage')).toBe(1);
    expect(bench.figures()).toEqual({ spentUSD: '0.02', heldUSD: '0.00' });
  });

  test('handler ending while the timer settles: waits for it, settled once', async () => {
    bench.server.plan('record-usage', { kind: 'slow', delayMs: 200 });
    const provider = held<ChatResult>();
    let hasAnswered = false;
    const invocation = bench
      .wrap(() => provider.promise, { runtime: timers })()
      .finally(() => {
        hasAnswered = true;
      });
    await until(() => timers.armed.length === 1);
    timers.fire();
    await until(isSettled);
    provider.release({ text: 'done' });
    await new Promise(setImmediate);
    expect(hasAnswered).toBe(false);
    expect(await invocation).toEqual({ text: 'done' });
    expect(bench.server.count('record-usage')).toBe(1);
  });

  test('both in the same turn: settled once', async () => {
    const provider = held<ChatResult>();
    const invocation = bench.wrap(() => provider.promise, { runtime: timers })();
    await until(() => timers.armed.length === 1);
    provider.release({ text: 'done' });
    timers.fire();
    await invocation;
    expect(bench.server.count('record-usage')).toBe(1);
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
  });
});

describe("middy's own early time-out", () => {
  const impatient = (onTimeout: 'release' | 'charge-estimate') => {
    const timedOut = middy<ChatEvent, ChatResult, Error, BudgetedContext>(
      () => new Promise<ChatResult>(() => undefined),
      { timeoutEarlyInMillis: 29_800 },
    ).use(budgetGuard(bench.options<ChatEvent, ChatResult>({ runtime: timers, onTimeout })));
    return timedOut({ prompt: '' }, lambdaContext() as BudgetedContext);
  };

  test('is a time-out, not an error of the handler', async () => {
    await expect(impatient('charge-estimate')).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
    expect(timers.armed).toEqual([]);
  });

  test('releases with onTimeout release', async () => {
    await expect(impatient('release')).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.00' });
  });

  test("a provider's time-out is an error of the handler", async () => {
    const invoke = bench.wrap(async () => {
      throw Object.assign(new Error('the provider took too long'), { name: 'TimeoutError' });
    });
    await expect(invoke()).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(bench.figures().spentUSD).toBe('0.00');
  });
});

test('a context without a clock is guarded without a timer', async () => {
  const context = { awsRequestId: 'by hand' } as BudgetedContext;
  await bench.wrap(async () => ({ text: '' }), { runtime: timers })(context);
  expect(timers.armed).toEqual([]);
  expect(bench.maestro.usageRecords()[0]?.stepId).toMatch(/^by-hand\.[0-9a-z]{8}$/);
});

test('with less time left than the margin nothing is begun', async () => {
  let ran = false;
  const invoke = bench.wrap(async () => {
    ran = true;
    return { text: '' };
  });
  await expect(invoke(lambdaContext(1_400))).rejects.toMatchObject({
    name: 'BudgetDeniedError',
    unavailable: true,
  });
  expect(ran).toBe(false);
  expect(bench.server.seen).toEqual([]);
});
