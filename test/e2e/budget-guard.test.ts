import middy from '@middy/core';
import {
  type BudgetClient,
  type BudgetedContext,
  budgetGuard,
  type BudgetGuardOptions,
  clientCredentials,
  maestroClient,
  MaestroUnavailableError,
  type SettleFailure,
} from '../../index';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';
import { type ChatEvent, type ChatResult, lambdaContext } from '../support/guarded-handler';
import { ManualTimers } from '../support/manual-timers';
import {
  API,
  callServer,
  inScratchFolder,
  START_PATIENCE_MS,
  startLocalCloud,
  tokenFor,
} from '../support/local-cloud';

let cloud: Awaited<ReturnType<typeof startLocalCloud>>;
let failures: SettleFailure[];
let tenants = 0;
let tenant: string;

beforeAll(async () => {
  cloud = await startLocalCloud();
}, START_PATIENCE_MS);
afterAll(() => cloud.stop());

beforeEach(async () => {
  failures = [];
  tenants += 1;
  tenant = `acme-${tenants}`;
  await setLimit('10');
});

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const token = await tokenFor(cloud.url, { tenant });
  const headers: Record<string, string> = method === 'PUT' ? { 'if-none-match': '*' } : {};
  const answer = await callServer(cloud.url, method, path, { token, body, headers });
  if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function setLimit(limitUSD: string, mode = 'hard-cap'): Promise<void> {
  await call('PUT', `${API}/billing/policies/${tenant}`, { budget: { mode, limitUSD } });
}

async function budget(): Promise<{ spentUSD: string; reservedUSD: string }> {
  const figures = await call('GET', `${API}/billing/budgets/${tenant}`);
  const { spentUSD, reservedUSD } = figures as Awaited<ReturnType<typeof budget>>;
  return { spentUSD, reservedUSD };
}

function complete(runId: string): Promise<unknown> {
  return call('POST', `${API}/runs/${runId}/complete`, { status: 'succeeded' });
}

function client(): BudgetClient {
  const token = clientCredentials({
    tokenUrl: `${cloud.url}/oauth2/token`,
    clientId: 'chat-service',
    clientSecret: 'any will do here',
    scope: 'maestro/run',
    parameters: { tenant },
  });
  return maestroClient({ baseUrl: cloud.url, token, requestTimeoutMs: 10_000 });
}

/** Every call's first reply is lost after the call was carried out. */
function losingFirstReplies(inner: BudgetClient): BudgetClient {
  const lost = new Set<string>();
  const once = async <T>(key: string, answer: Promise<T>): Promise<T> => {
    const received = await answer;
    if (lost.has(key)) return received;
    lost.add(key);
    throw new MaestroUnavailableError('the reply was lost');
  };
  return {
    createRun: (request, options) =>
      once(`run ${request.runId}`, inner.createRun(request, options)),
    checkStep: (runId, request, options) =>
      once(`step ${runId} ${request.stepId}`, inner.checkStep(runId, request, options)),
    recordUsage: (runId, stepId, request, options) =>
      once(`usage ${runId} ${stepId}`, inner.recordUsage(runId, stepId, request, options)),
    completeRun: (runId, request, options) =>
      once(`complete ${runId}`, inner.completeRun(runId, request, options)),
  };
}

type Handler = (event: ChatEvent, context: BudgetedContext) => Promise<ChatResult>;

function wrap(handler: Handler, extra: Partial<BudgetGuardOptions<ChatEvent, ChatResult>> = {}) {
  const guarded = middy<ChatEvent, ChatResult, Error, BudgetedContext>(handler).use(
    budgetGuard<ChatEvent, ChatResult>({
      client: client(),
      openRun: { tenant, pipeline: 'chat' },
      step: { estimatedCostUSD: '0.50', model: 'gpt-4o-mini', provider: 'openai' },
      // Forty at a time on a small machine; the guard's own limits are tried in its unit tests.
      requestTimeoutMs: 20_000,
      admissionTimeoutMs: 25_000,
      settleTimeoutMs: 25_000,
      onSettleFailure: (failure) => void failures.push(failure),
      ...extra,
    }),
  );
  return (context = lambdaContext(60_000) as BudgetedContext) =>
    guarded({ prompt: 'hello' }, context) as Promise<ChatResult>;
}

test('spend is what the handlers reported, however they end and whatever replies are lost', async () => {
  let reported = 0n;
  const spend = (context: BudgetedContext, amount: NanoUsd) => {
    context.budget.report({ costUSD: formatUsd(amount) });
    reported += amount;
  };
  let turn = 0;
  const invoke = wrap(
    async (_event, context) => {
      const mine = (turn += 1);
      spend(context, BigInt(mine) * 1_234_567n);
      if (mine % 3 === 0) throw new Error('after one report');
      spend(context, BigInt(mine) + 7n);
      return { text: '' };
    },
    { client: losingFirstReplies(client()) },
  );
  const idle = wrap(async () => Promise.reject(new Error('before any report')));
  const outcomes = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) => (index % 8 === 0 ? idle() : invoke())),
  );
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') continue;
    const { message, code } = outcome.reason as Error & { code?: string };
    expect(code ?? message).toMatch(/BUDGET_HARD_CAP_HIT|after one report|before any report/);
  }
  expect(reported).toBeGreaterThan(0n);
  expect(await budget()).toEqual({ spentUSD: formatUsd(reported), reservedUSD: '0.00' });
  expect(failures).toEqual([]);
}, 60_000);

test('no more are let in than fit', async () => {
  const invoke = wrap(async () => ({ text: 'ran' }));
  const outcomes = await Promise.allSettled(Array.from({ length: 30 }, () => invoke()));
  const denied = outcomes.filter(({ status }) => status === 'rejected');
  expect(denied).toHaveLength(10);
  for (const outcome of denied) {
    expect(outcome).toMatchObject({
      reason: {
        status: 402,
        code: 'BUDGET_HARD_CAP_HIT',
        figures: { limitUSD: '10.00', requestedUSD: '0.50', pipeline: 'chat' },
      },
    });
  }
  expect(await budget()).toEqual({ spentUSD: '10.00', reservedUSD: '0.00' });
}, 60_000);

test('tokens are priced by Maestro', async () => {
  const tokens = { input: 1_000_000, output: 100_000 };
  await wrap(async () => ({ text: '' }), {
    step: { model: 'gpt-4o-mini', provider: 'openai', estimatedTokens: tokens },
    usage: () => ({ tokens: { ...tokens, output: 50_000 }, tags: { prompt: 'hello' } }),
  })();
  expect(await budget()).toEqual({ spentUSD: '0.18', reservedUSD: '0.00' });
});

test("steps of an orchestrator's run are booked in it", async () => {
  const opened = { tenant, runId: `run-${tenant}`, pipeline: 'nightly', estimatedCostUSD: '2' };
  await call('POST', `${API}/runs`, opened);
  const invoke = wrap(async () => ({ text: '' }), {
    runId: opened.runId,
    usage: () => ({ costUSD: '0.25' }),
  });
  await Promise.all([invoke(), invoke(), invoke()]);
  // The month learns what a run has spent when the run ends.
  expect(await budget()).toEqual({ spentUSD: '0.00', reservedUSD: '2.00' });
  expect(await complete(opened.runId)).toMatchObject({ spentUSD: '0.75', releasedUSD: '1.25' });
  expect(await budget()).toEqual({ spentUSD: '0.75', reservedUSD: '0.00' });
});

test('a handler that runs out of time is charged its estimate, once', async () => {
  const timers = new ManualTimers();
  let release: () => void = () => undefined;
  const invocation = wrap(
    async () => {
      timers.fire();
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { text: 'late' };
    },
    { runtime: timers },
  )();
  for (let turn = 0; turn < 200 && (await budget()).spentUSD === '0.00'; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  release();
  expect(await invocation).toEqual({ text: 'late' });
  expect(await budget()).toEqual({ spentUSD: '0.50', reservedUSD: '0.00' });
});

test('what an invocation held that died is returned some time after its deadline', async () => {
  const everyday = cloud;
  await inScratchFolder(async (dataDir) => {
    cloud = await startLocalCloud({ dataDir });
    await setLimit('10');
    await new Promise<void>((resolve) => {
      void wrap(() => {
        resolve();
        return new Promise<ChatResult>(() => undefined);
      })({ awsRequestId: 'died' } as BudgetedContext);
    });
    expect(await budget()).toEqual({ spentUSD: '0.00', reservedUSD: '0.50' });
    await cloud.stop();
    const anHourLater = new Date(Date.now() + 3_600_000).toISOString();
    cloud = await startLocalCloud({ dataDir, clockStart: anHourLater });
    await callServer(cloud.url, 'POST', '/__local/sweep');
    expect(await budget()).toEqual({ spentUSD: '0.00', reservedUSD: '0.00' });
    await cloud.stop();
  }).finally(() => {
    cloud = everyday;
  });
}, 60_000);

test('a step refused after it ran unguarded is booked without a hold', async () => {
  const runId = `run-${tenant}`;
  const opened = { tenant, runId, pipeline: 'chat', estimatedCostUSD: '9.90' };
  await call('POST', `${API}/runs`, opened);
  const inner = client();
  let isAway = true;
  await wrap(
    async () => {
      isAway = false;
      return { text: '' };
    },
    {
      client: {
        ...inner,
        checkStep: (id, request, options) =>
          isAway
            ? Promise.reject(new MaestroUnavailableError('away', 60_000))
            : inner.checkStep(id, request, options),
      },
      runId,
      step: { estimatedCostUSD: '10.01' },
      usage: () => ({ costUSD: '10.01' }),
      onUnavailable: 'allow',
      logger: { warn: () => undefined, error: () => undefined },
    },
  )();
  expect(failures).toEqual([]);
  expect(await complete(runId)).toMatchObject({ spentUSD: '10.01', releasedUSD: '0.00' });
});

test('the warning of a soft cap reaches the handler', async () => {
  tenant = `${tenant}-soft`;
  await setLimit('0.10', 'soft-cap');
  const seen: unknown[] = [];
  await wrap(async (_event, context) => {
    seen.push(context.budget.decision, context.budget.warnings.length);
    return { text: '' };
  })();
  expect(seen).toEqual(['warn', 1]);
});
