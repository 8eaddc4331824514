import middy from '@middy/core';
import {
  BudgetDeniedError,
  type BudgetedContext,
  budgetGuard,
  MaestroRequestError,
} from '../../../index';
import { type ChatEvent, GuardBench, lambdaContext } from '../../support/guarded-handler';

let bench: GuardBench;

beforeEach(async () => {
  bench = await new GuardBench().start();
});
afterEach(() => bench.server.stop());

async function denialOf(invocation: Promise<unknown>): Promise<BudgetDeniedError> {
  const error: unknown = await invocation.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BudgetDeniedError);
  return error as BudgetDeniedError;
}

describe('a step of a run that the caller opened', () => {
  test('is held while the handler runs and settled with what it reports', async () => {
    bench.openRun();
    const invoke = bench.wrap(async (event, context) => {
      expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.50' });
      expect(context.budget).toMatchObject({
        runId: 'run-1',
        decision: 'allow',
        warnings: [],
        reservedUSD: '0.50',
        budget: { tenant: 'acme', limitUSD: '10.00' },
      });
      context.budget.report({ costUSD: '0.031' });
      return { text: event.prompt };
    });
    expect(await invoke()).toEqual({ text: 'hello' });
    expect(bench.figures()).toEqual({ spentUSD: '0.031', heldUSD: '0.00' });
    expect(bench.server.count('create-run')).toBe(0);
    expect(bench.server.count('complete-run')).toBe(0);
    expect(bench.log).toEqual([]);
  });

  test('runId and step may come from the event', async () => {
    bench.openRun('from-event');
    const invoke = bench.wrap(
      async (_event, context) => {
        context.budget.report({ costUSD: '0.10' });
        return { text: '' };
      },
      {
        runId: () => 'from-event',
        step: (event) => ({ stepId: `say-${event.prompt}`, estimatedCostUSD: '0.20' }),
      },
    );
    await invoke();
    expect(bench.maestro.usageRecords()).toMatchObject([
      { runId: 'from-event', stepId: 'say-hello', request: { costUSD: '0.10' } },
    ]);
  });

  test('a warning of a soft cap reaches the handler', async () => {
    bench.maestro.mode = 'soft-cap';
    bench.openRun('run-1', '20');
    const seen: unknown[] = [];
    await bench.wrap(async (_event, { budget }) => {
      seen.push(budget.decision, budget.warnings[0]?.code);
      return { text: '' };
    })();
    expect(seen).toEqual(['warn', 'BUDGET_SOFT_CAP_EXCEEDED']);
  });

  test('a refusal is thrown with its problem document; the handler does not run', async () => {
    bench.openRun('run-1', '9.80');
    let ran = false;
    const invoke = bench.wrap(
      async () => {
        ran = true;
        return { text: '' };
      },
      { step: { stepId: 'big', estimatedCostUSD: '10.01' } },
    );
    const denied = await denialOf(invoke());
    expect(ran).toBe(false);
    expect(denied).toMatchObject({
      name: 'BudgetDeniedError',
      status: 402,
      statusCode: 402,
      code: 'BUDGET_HARD_CAP_HIT',
      detail: 'Refused: BUDGET_HARD_CAP_HIT.',
      message: 'Refused: BUDGET_HARD_CAP_HIT.',
      unavailable: false,
      figures: { requestedUSD: '10.01', limitUSD: '10.00', stepId: 'big' },
    });
    expect(denied.figures).not.toHaveProperty('status');
    expect(bench.figures()).toEqual({ spentUSD: '0.00', heldUSD: '0.00' });
    expect(bench.server.count('record-usage')).toBe(0);
  });

  test('onDenied answers in the place of the handler', async () => {
    bench.openRun();
    const body = { status: 429, code: 'RPM_QUOTA_EXCEEDED', detail: 'Too fast.' };
    bench.server.plan('check-step', {
      kind: 'answer',
      status: 429,
      body,
      headers: { 'retry-after': '7' },
    });
    const handler = middy<ChatEvent, unknown, Error, BudgetedContext>(async () => 'ran');
    handler.use(
      budgetGuard(
        bench.options<ChatEvent, unknown>({ onDenied: (denied) => denied.toHttpResponse() }),
      ),
    );
    const answer = await handler({ prompt: '' }, lambdaContext() as BudgetedContext);
    expect(answer).toEqual({
      statusCode: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '7' },
      body: JSON.stringify(body),
    });
    expect(bench.server.count('check-step')).toBe(1);
  });

  test('an answer of undefined by onDenied is an answer too', async () => {
    bench.openRun();
    bench.maestro.runs.get('run-1')!.status = 'succeeded';
    const answers: unknown[] = [];
    const handler = middy<ChatEvent, unknown, Error, BudgetedContext>(async () => 'ran').use(
      budgetGuard(
        bench.options<ChatEvent, unknown>({ onDenied: (denied) => void answers.push(denied.code) }),
      ),
    );
    expect(await handler({ prompt: '' }, lambdaContext() as BudgetedContext)).toBeUndefined();
    expect(answers).toEqual(['RUN_CLOSED']);
  });

  test('a mistake in the request is no refusal', async () => {
    const invoke = bench.wrap(async () => ({ text: '' }), {
      runId: 'never-opened',
      onDenied: () => ({ text: 'denied' }),
      onUnavailable: 'allow',
    });
    await expect(invoke()).rejects.toBeInstanceOf(MaestroRequestError);
    await expect(invoke()).rejects.toMatchObject({ problem: { status: 404, code: 'NOT_FOUND' } });
  });
});

describe('a run of its own', () => {
  const openRun = { tenant: 'acme', pipeline: 'chat' };

  test('is opened before the handler and completed after it', async () => {
    const invoke = bench.wrap(
      async (_event, context) => {
        context.budget.report({ tokens: { input: 1000, output: 200 } });
        return { text: '' };
      },
      {
        runId: undefined,
        openRun,
        step: { model: 'gpt-4o-mini', estimatedTokens: { input: 1000, output: 1000 } },
      },
    );
    await invoke();
    const [runId] = bench.maestro.runs.keys();
    expect(runId).toMatch(/^req-\d+\.[0-9a-z]{8}$/);
    expect(bench.maestro.runs.get(runId!)?.status).toBe('succeeded');
    expect(bench.maestro.spentUSD).toBe('0.00018');
    expect(bench.maestro.reservedUSD).toBe('0.00');
    expect(bench.server.seen[1]?.body).toMatchObject({
      ...openRun,
      estimate: [{ model: 'gpt-4o-mini', inputTokens: 1000, outputTokens: 1000 }],
    });
  });

  test('ends soon after the invocation, should nobody complete it', async () => {
    const before = Date.now();
    await bench.wrap(async () => ({ text: '' }), { runId: () => undefined, openRun })(
      lambdaContext(10_000),
    );
    const [run] = bench.maestro.runs.values();
    const deadlineMs = Date.parse(run?.deadline ?? '');
    expect(deadlineMs).toBeGreaterThanOrEqual(before + 69_000);
    expect(deadlineMs).toBeLessThan(before + 75_000);
  });

  test('is completed as failed when the handler throws', async () => {
    const invoke = bench.wrap(async () => Promise.reject(new Error('boom')), {
      runId: undefined,
      openRun,
    });
    await expect(invoke()).rejects.toThrow('boom');
    expect([...bench.maestro.runs.values()]).toMatchObject([{ status: 'failed' }]);
    expect(bench.maestro.reservedUSD).toBe('0.00');
  });

  test('a refused run is a denial, and no step is checked', async () => {
    const invoke = bench.wrap(async () => ({ text: '' }), {
      runId: undefined,
      openRun: { ...openRun, estimatedCostUSD: '11' },
    });
    expect(await denialOf(invoke())).toMatchObject({ status: 402 });
    expect(bench.server.count('check-step')).toBe(0);
  });

  test('a refused step gives the run up again', async () => {
    const invoke = bench.wrap(async () => ({ text: '' }), {
      runId: undefined,
      openRun: { ...openRun, estimatedCostUSD: '2' },
      step: { estimatedCostUSD: '12' },
    });
    expect(await denialOf(invoke())).toMatchObject({ status: 402 });
    expect([...bench.maestro.runs.values()]).toMatchObject([{ status: 'cancelled' }]);
    expect(bench.maestro.reservedUSD).toBe('0.00');
  });

  test('options that name no run, or a run without an estimate, are mistakes', async () => {
    const noRun = bench.wrap(async () => ({ text: '' }), { runId: undefined });
    await expect(noRun()).rejects.toThrow(/openRun is not given/);
    const noEstimate = bench.wrap(async () => ({ text: '' }), {
      runId: undefined,
      openRun,
      step: { model: 'gpt-4o' },
    });
    await expect(noEstimate()).rejects.toThrow(/needs estimatedCostUSD/);
    expect(bench.server.seen).toEqual([]);
  });
});
