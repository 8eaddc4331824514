import { maestroClient, MaestroUnavailableError } from '../../../index';
import { GuardBench } from '../../support/guarded-handler';
import type { Fault, Operation } from '../../support/in-memory-maestro-server';

let bench: GuardBench;

beforeEach(async () => {
  bench = await new GuardBench().start();
});
afterEach(() => bench.server.stop());

const ownRun = { runId: undefined, openRun: { tenant: 'acme', pipeline: 'chat' } };
const spendsAFew = { usage: () => ({ costUSD: '0.07' }) };

describe.each<Operation>(['create-run', 'check-step', 'record-usage', 'complete-run'])(
  '%s',
  (operation) => {
    const overload: Fault = { kind: 'answer', status: 503, headers: { 'retry-after': '0' } };
    test.each<[string, Fault[]]>([
      ['a lost reply', [{ kind: 'lose-reply' }]],
      ['a lost request', [{ kind: 'lose-request' }]],
      [
        'three lost replies',
        [{ kind: 'lose-reply' }, { kind: 'lose-reply' }, { kind: 'lose-reply' }],
      ],
      ['a reply too late', [{ kind: 'slow', delayMs: 1_000 }]],
      ['a 503', [overload]],
      ['an answer that is not JSON', [{ kind: 'answer', status: 200, body: 'soon' }]],
      ["the gateway's throttle", [{ kind: 'answer', status: 429, body: { message: 'Too Many' } }]],
    ])('%s is repeated with the same ids and counted once', async (_what, faults) => {
      bench.server.plan(operation, ...faults);
      const options = { ...ownRun, ...spendsAFew, requestTimeoutMs: 400 };
      expect(await bench.wrap(async () => ({ text: 'kept' }), options)()).toEqual({ text: 'kept' });
      expect(bench.server.count(operation)).toBeGreaterThan(faults.length);
      const bodies = bench.server.seen.filter((request) => request.operation === operation);
      expect(new Set(bodies.map(({ path, body }) => JSON.stringify([path, body]))).size).toBe(1);
      expect(bench.maestro.spentUSD).toBe('0.07');
      expect(bench.maestro.reservedUSD).toBe('0.00');
      expect(bench.maestro.runs.size).toBe(1);
      expect(bench.failures).toEqual([]);
    });
  },
);

describe('Maestro out of reach before the handler', () => {
  const briefly = { admissionTimeoutMs: 250, settleTimeoutMs: 250, requestTimeoutMs: 100 };
  const always503 = (operation: Operation, retryAfter?: string) => {
    const headers: Record<string, string> =
      retryAfter === undefined ? {} : { 'retry-after': retryAfter };
    const fault: Fault = { kind: 'answer', status: 503, headers };
    bench.server.plan(operation, ...Array.from({ length: 50 }, () => fault));
  };

  test('denies by default', async () => {
    const client = bench.client();
    await bench.server.stop();
    let ran = false;
    const invoke = bench.wrap(
      async () => {
        ran = true;
        return { text: '' };
      },
      { ...briefly, client },
    );
    await expect(invoke()).rejects.toMatchObject({
      name: 'BudgetDeniedError',
      status: 503,
      code: 'LEDGER_UNAVAILABLE',
      unavailable: true,
      cause: expect.any(MaestroUnavailableError),
    });
    expect(ran).toBe(false);
  });

  test('does not wait longer than it has: a long Retry-After is handed on at once', async () => {
    bench.openRun();
    always503('check-step', '120');
    const denied = bench.wrap(async () => ({ text: '' }))();
    await expect(denied).rejects.toMatchObject({ status: 503, retryAfter: 120 });
    expect(bench.server.count('check-step')).toBe(1);
  });

  test('onDenied may answer 503', async () => {
    bench.openRun();
    always503('check-step', '30');
    const options = {
      ...briefly,
      onDenied: (denied: { toHttpResponse(): { statusCode: number } }) => ({
        text: String(denied.toHttpResponse().statusCode),
      }),
    };
    expect(await bench.wrap(async () => ({ text: '' }), options)()).toEqual({ text: '503' });
  });

  test('allow runs the handler unguarded and books afterwards, if Maestro is back', async () => {
    const invoke = bench.wrap(
      async (_event, { budget }) => {
        expect(budget).toMatchObject({ decision: 'unguarded', reservedUSD: '0.00' });
        expect(budget.budget).toBeUndefined();
        budget.report({ costUSD: '0.33' });
        return { text: 'done' };
      },
      { ...ownRun, onUnavailable: 'allow' },
    );
    bench.server.plan('create-run', {
      kind: 'answer',
      status: 503,
      headers: { 'retry-after': '9' },
    });
    expect(await invoke()).toEqual({ text: 'done' });
    expect(bench.maestro.spentUSD).toBe('0.33');
    expect(bench.maestro.reservedUSD).toBe('0.00');
    expect(bench.log).toMatchObject([
      { level: 'warn', message: 'budget guard: running unguarded' },
    ]);
  });

  test('allow hands the usage over if Maestro stays away', async () => {
    always503('create-run');
    const invoke = bench.wrap(async () => ({ text: 'done' }), {
      ...ownRun,
      ...briefly,
      ...spendsAFew,
      onUnavailable: 'allow',
    });
    expect(await invoke()).toEqual({ text: 'done' });
    expect(bench.failures).toMatchObject([
      {
        what: 'usage-not-booked',
        usage: { costUSD: '0.07' },
        error: { name: 'MaestroUnavailableError' },
      },
    ]);
  });

  test('a budget that ran out while Maestro was away hands the usage over, too', async () => {
    bench.server.plan('create-run', {
      kind: 'answer',
      status: 503,
      headers: { 'retry-after': '9' },
    });
    const invoke = bench.wrap(async () => ({ text: 'done' }), {
      ...ownRun,
      ...spendsAFew,
      step: { estimatedCostUSD: '11' },
      onUnavailable: 'allow',
    });
    expect(await invoke()).toEqual({ text: 'done' });
    expect(bench.failures).toMatchObject([
      {
        what: 'usage-not-booked',
        usage: { costUSD: '0.07' },
        error: { code: 'BUDGET_HARD_CAP_HIT' },
      },
    ]);
  });
});

describe('a step refused once Maestro is back', () => {
  const away: Fault = { kind: 'answer', status: 503, headers: { 'retry-after': '9' } };

  test('is booked without a hold: its money is spent', async () => {
    bench.openRun();
    bench.server.plan('check-step', away);
    const step = { estimatedCostUSD: '11' };
    const options = { ...spendsAFew, step, onUnavailable: 'allow' } as const;
    await bench.wrap(async () => ({ text: '' }), options)();
    expect(bench.figures()).toEqual({ spentUSD: '0.07', heldUSD: '0.00' });
    expect(bench.failures).toEqual([]);
  });

  test('is booked at its estimate if nothing was reported', async () => {
    bench.openRun();
    bench.server.plan('check-step', away);
    const options = { step: { estimatedCostUSD: '11' }, onUnavailable: 'allow' } as const;
    await bench.wrap(async () => ({ text: '' }), options)();
    expect(bench.maestro.spentUSD).toBe('11.00');
  });

  test('is handed over if nobody can say what it cost', async () => {
    bench.openRun();
    bench.server.plan('check-step', away);
    const step = { model: 'gpt-4o', estimatedTokens: { input: 9_000_000, output: 1 } };
    await bench.wrap(async () => ({ text: '' }), { step, onUnavailable: 'allow' })();
    expect(bench.failures).toMatchObject([{ what: 'usage-not-booked', error: { status: 402 } }]);
  });
});

describe('Maestro out of reach after the handler', () => {
  test('leaves the result alone and the run open, for the sweeper to return', async () => {
    bench.server.plan(
      'record-usage',
      ...Array.from({ length: 50 }, () => ({ kind: 'lose-request' }) as const),
    );
    const options = { ...ownRun, ...spendsAFew, settleTimeoutMs: 250 };
    expect(await bench.wrap(async () => ({ text: 'kept' }), options)()).toEqual({ text: 'kept' });
    expect(bench.server.count('record-usage')).toBeGreaterThan(1);
    expect(bench.server.count('complete-run')).toBe(0);
    expect(bench.failures).toMatchObject([
      { what: 'usage-not-booked', usage: { costUSD: '0.07' } },
    ]);
  });

  test('a run that cannot be completed is told apart from usage that cannot be booked', async () => {
    bench.server.plan(
      'complete-run',
      ...Array.from({ length: 50 }, () => ({ kind: 'lose-request' }) as const),
    );
    const options = { ...ownRun, ...spendsAFew, settleTimeoutMs: 250 };
    await bench.wrap(async () => ({ text: '' }), options)();
    expect(bench.maestro.spentUSD).toBe('0.07');
    expect(bench.failures).toMatchObject([{ what: 'run-not-completed', usage: undefined }]);
  });
});

describe('tokens', () => {
  test('one is fetched for many invocations', async () => {
    bench.openRun();
    const invoke = bench.wrap(async () => ({ text: '' }), { onNoReport: 'release' });
    await Promise.all(Array.from({ length: 10 }, () => invoke()));
    expect(bench.server.count('token')).toBe(1);
  });

  test('a token refused in mid-flight is replaced without the handler knowing', async () => {
    bench.openRun();
    const invoke = bench.wrap(async () => {
      bench.server.revokeTokens();
      return { text: 'kept' };
    }, spendsAFew);
    expect(await invoke()).toEqual({ text: 'kept' });
    expect(bench.server.count('token')).toBe(2);
    expect(bench.figures()).toEqual({ spentUSD: '0.07', heldUSD: '0.00' });
  });

  test('a token that is refused again is a mistake, not a refusal', async () => {
    bench.openRun();
    const client = maestroClient({ baseUrl: bench.server.url, token: async () => 'forged' });
    const invoke = bench.wrap(async () => ({ text: '' }), { client });
    await expect(invoke()).rejects.toMatchObject({
      name: 'MaestroRequestError',
      problem: { status: 401, code: 'UNAUTHENTICATED' },
    });
    expect(bench.server.count('check-step')).toBe(1);
  });

  test('a token source that fails or hangs counts as Maestro out of reach', async () => {
    bench.openRun();
    const sources = [
      () => Promise.reject(new Error('secret store is throttled')),
      () => new Promise<string>(() => undefined),
    ];
    for (const token of sources) {
      const client = maestroClient({ baseUrl: bench.server.url, token });
      const options = { client, admissionTimeoutMs: 200, requestTimeoutMs: 80 };
      const invoke = bench.wrap(async () => ({ text: '' }), options);
      await expect(invoke()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
    }
  });
});

describe('many invocations in one process', () => {
  test('each is settled with its own reports', async () => {
    bench.maestro.limit *= 1_000n;
    const amounts = Array.from({ length: 60 }, (_, index) => index + 1);
    let next = 0;
    const invoke = bench.wrap(async (_event, { budget }) => {
      const mine = (next += 1);
      await new Promise((resolve) => setTimeout(resolve, (mine * 7) % 30));
      budget.report({ costUSD: `0.00000000${mine % 10}` });
      budget.report({ costUSD: `${mine}` });
      return { text: budget.stepId };
    }, ownRun);
    const results = await Promise.all(amounts.map(() => invoke()));
    expect(new Set(results.map(({ text }) => text)).size).toBe(60);
    const tails = amounts.reduce((total, mine) => total + (mine % 10), 0);
    expect(bench.maestro.spent).toBe(1_830_000_000_000n + BigInt(tails));
    expect(bench.maestro.reservedUSD).toBe('0.00');
    const booked = bench.maestro.usageRecords().map(({ request }) => Number(request.costUSD));
    expect(booked.map(Math.floor).toSorted((a, b) => a - b)).toEqual(amounts);
  });

  test('no more are let in than fit, over a network that loses replies', async () => {
    for (const operation of ['create-run', 'check-step', 'record-usage'] as const) {
      bench.server.plan(
        operation,
        ...Array.from({ length: 10 }, () => ({ kind: 'lose-reply' }) as const),
      );
    }
    const invoke = bench.wrap(async () => ({ text: 'ran' }), ownRun);
    const outcomes = await Promise.allSettled(Array.from({ length: 50 }, () => invoke()));
    const denied = outcomes.filter(({ status }) => status === 'rejected');
    expect(denied).toHaveLength(30);
    for (const outcome of denied) {
      expect(outcome).toMatchObject({ reason: { code: 'BUDGET_HARD_CAP_HIT' } });
    }
    expect(bench.maestro.spentUSD).toBe('10.00');
    expect(bench.maestro.reservedUSD).toBe('0.00');
  });
});
