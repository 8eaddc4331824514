import middy from '@middy/core';
import { type BudgetedContext, budgetGuard } from '../../../index';
import { GuardBench, lambdaContext } from '../../support/guarded-handler';

let bench: GuardBench;

beforeEach(async () => {
  bench = await new GuardBench().start();
  bench.openRun('run-1', '5');
});
afterEach(() => bench.server.stop());

describe('a handler that returns', () => {
  test('is settled with what the usage option reads from its result', async () => {
    const invoke = bench.wrap(async () => ({ text: 'x', totalTokens: 900 }), {
      usage: (response, event) => ({
        tokens: { input: response.totalTokens ?? 0, output: 100, cachedInput: 5 },
        model: 'gpt-4o',
        provider: 'openai',
        tags: { prompt: event.prompt },
      }),
    });
    await invoke();
    expect(bench.maestro.usageRecords()).toMatchObject([
      {
        request: {
          tokens: { input: 900, output: 100, cachedInput: 5 },
          model: 'gpt-4o',
          provider: 'openai',
          tags: { prompt: 'hello' },
        },
      },
    ]);
    expect(bench.figures()).toEqual({ spentUSD: '0.0025', heldUSD: '0.00' });
  });

  test('several reports and the usage option add up exactly', async () => {
    const invoke = bench.wrap(
      async (_event, { budget }) => {
        budget.report({ costUSD: '0.1', tokens: { input: 10, output: 1 } });
        budget.report({ costUSD: '0.2', tokens: { input: 20, output: 2 } });
        return { text: '' };
      },
      { usage: () => ({ costUSD: '0.000000001' }) },
    );
    await invoke();
    expect(bench.figures().spentUSD).toBe('0.300000001');
    expect(bench.maestro.usageRecords()[0]?.request).toMatchObject({
      tokens: { input: 30, output: 3 },
      model: 'gpt-4o-mini',
    });
  });

  test('and reports nothing is charged its estimate', async () => {
    await bench.wrap(async () => ({ text: '' }))();
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
  });

  test('and reports nothing is charged nothing with onNoReport release', async () => {
    await bench.wrap(async () => ({ text: '' }), { onNoReport: 'release' })();
    expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.00' });
  });

  test('spent more than was held: the whole of it is booked', async () => {
    await bench.wrap(async () => ({ text: '' }), { usage: () => ({ costUSD: '0.75' }) })();
    expect(bench.figures().spentUSD).toBe('0.75');
  });

  test('a usage option that throws costs the estimate and not the result', async () => {
    const invoke = bench.wrap(async () => ({ text: 'kept' }), {
      usage: () => {
        throw new Error('no usage in the result');
      },
      onNoReport: 'release',
    });
    expect(await invoke()).toEqual({ text: 'kept' });
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
    expect(bench.log).toMatchObject([{ level: 'error' }]);
  });

  test('tokens of a model without a price are booked at the estimate', async () => {
    const usage = { tokens: { input: 1, output: 1 }, model: 'never-heard-of' };
    await bench.wrap(async () => ({ text: '' }), { usage: () => usage })();
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
    expect(bench.failures).toMatchObject([
      { what: 'usage-booked-at-estimate', usage, error: { code: 'PRICE_UNKNOWN' } },
    ]);
  });

  test('keeps its result when the usage cannot be booked', async () => {
    bench.server.plan('record-usage', {
      kind: 'answer',
      status: 400,
      body: { status: 400, code: 'INVALID_REQUEST', detail: 'No.' },
    });
    const invoke = bench.wrap(async () => ({ text: 'kept' }), {
      usage: () => ({ costUSD: '0.07' }),
    });
    expect(await invoke()).toEqual({ text: 'kept' });
    expect(bench.failures).toMatchObject([
      { what: 'usage-not-booked', runId: 'run-1', ending: 'returned', usage: { costUSD: '0.07' } },
    ]);
    expect(bench.log).toMatchObject([
      { level: 'error', message: 'budget guard: usage not booked', fields: { runId: 'run-1' } },
    ]);
  });

  test('keeps its result when onSettleFailure throws, too', async () => {
    bench.server.plan('record-usage', { kind: 'answer', status: 404 });
    const invoke = bench.wrap(async () => ({ text: 'kept' }), {
      onSettleFailure: () => Promise.reject(new Error('queue is gone')),
    });
    expect(await invoke()).toEqual({ text: 'kept' });
    expect(bench.log.map(({ message }) => message)).toEqual([
      'budget guard: usage not booked',
      'budget guard: onSettleFailure threw',
    ]);
  });

  test('a report after the end is not booked and not lost', async () => {
    let late: () => void = () => undefined;
    await bench.wrap(async (_event, { budget }) => {
      late = () => budget.report({ costUSD: '0.04' });
      return { text: '' };
    })();
    late();
    expect(bench.figures().spentUSD).toBe('0.50');
    expect(bench.failures).toMatchObject([
      { what: 'report-after-settlement', usage: { costUSD: '0.04' } },
    ]);
  });
});

describe('a handler that throws', () => {
  test('without a report gives its hold back', async () => {
    const invoke = bench.wrap(async () => Promise.reject(new Error('boom')));
    await expect(invoke()).rejects.toThrow('boom');
    expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.00' });
    expect(bench.maestro.usageRecords()).toMatchObject([{ request: { costUSD: '0' } }]);
  });

  test('without a report is charged its estimate with onError charge-estimate', async () => {
    const invoke = bench.wrap(async () => Promise.reject(new Error('boom')), {
      onError: 'charge-estimate',
    });
    await expect(invoke()).rejects.toThrow('boom');
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
  });

  test('after reports is charged what it reported', async () => {
    const invoke = bench.wrap(
      async (_event, { budget }) => {
        budget.report({ costUSD: '0.02' });
        throw new Error('boom');
      },
      { usage: () => ({ costUSD: '3' }) },
    );
    await expect(invoke()).rejects.toThrow('boom');
    expect(bench.figures()).toEqual({ spentUSD: '0.02', heldUSD: '0.00' });
  });

  test('over a report that cannot be booked is charged its estimate at the least', async () => {
    const invoke = bench.wrap(async (_event, { budget }) => {
      budget.report({ costUSD: '0.02' });
      budget.report({ costUSD: '1e-3' });
      return { text: '' };
    });
    await expect(invoke()).rejects.toThrow(/plain decimal/);
    expect(bench.figures()).toEqual({ spentUSD: '0.50', heldUSD: '0.00' });
  });

  test('its own error is thrown although the usage cannot be booked', async () => {
    bench.server.plan('record-usage', { kind: 'answer', status: 404 });
    const invoke = bench.wrap(async () => Promise.reject(new Error('boom')));
    await expect(invoke()).rejects.toThrow('boom');
    expect(bench.failures).toMatchObject([{ what: 'usage-not-booked', ending: 'threw' }]);
  });

  test('Lambda repeating the event spends again, and both are counted', async () => {
    let attempt = 0;
    const invoke = bench.wrap(async (_event, { budget }) => {
      attempt += 1;
      budget.report({ costUSD: '0.03' });
      if (attempt === 1) throw new Error('boom');
      return { text: '' };
    });
    await expect(invoke(lambdaContext(30_000, 'same-request'))).rejects.toThrow('boom');
    await invoke(lambdaContext(30_000, 'same-request'));
    expect(bench.figures().spentUSD).toBe('0.06');
    expect(bench.failures).toEqual([]);
  });
});

describe('other middleware', () => {
  test('an error after the settlement does not settle again', async () => {
    const handler = middy()
      .use({
        after: () => {
          throw new Error('serializer broke');
        },
      })
      .use(budgetGuard(bench.options<unknown, unknown>({ usage: () => ({ costUSD: '0.01' }) })))
      .handler(async () => ({ text: '' }));
    await expect(handler({}, lambdaContext() as BudgetedContext)).rejects.toThrow(
      'serializer broke',
    );
    expect(bench.server.count('record-usage')).toBe(1);
    expect(bench.figures()).toEqual({ spentUSD: '0.01', heldUSD: '0.00' });
  });

  test('an error before the guard leaves it out of the matter', async () => {
    const handler = middy()
      .use({
        before: () => {
          throw new Error('not your event');
        },
      })
      .use(budgetGuard(bench.options<unknown, unknown>()))
      .handler(async () => ({ text: '' }));
    await expect(handler({}, lambdaContext() as BudgetedContext)).rejects.toThrow('not your event');
    expect(bench.server.seen).toEqual([]);
  });
});
