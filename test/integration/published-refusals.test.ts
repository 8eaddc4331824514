import { alertIdOf } from '../support/event-bridge';
import {
  PublishedApi,
  type Answer,
  type Call,
  type CalledFunction,
} from '../support/published-calls';
import { parseFieldList } from '../support/structured-fields';

jest.setTimeout(60_000);

/** Only the date stands still; the engine, the bus and the SDK go on as ever. */
const NOT_FAKED = [
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;
const STEP_MS = 10;

let api: PublishedApi;

beforeAll(async () => {
  api = await PublishedApi.start();
});
afterAll(() => api.stop());

beforeEach(() => {
  jest.useFakeTimers({ now: Date.parse('2026-11-30T12:00:20Z'), doNotFake: [...NOT_FAKED] });
});
afterEach(() => jest.useRealTimers());

/** Calls as one tenant, which has a policy with these quotas. */
async function tenantWith(tenant: string, quotas: object) {
  const claims = {
    sub: `${tenant}-service`,
    tenant,
    scope: 'maestro/run maestro/read maestro/policy',
  };
  const call = (name: CalledFunction, parts: Call): Promise<Answer> => {
    jest.setSystemTime(Date.now() + STEP_MS);
    return api.call(name, { claims, ...parts });
  };
  await call('write-policy', {
    path: { tenant },
    headers: { 'content-type': 'application/json', 'if-none-match': '*' },
    body: { budget: { mode: 'hard-cap', limitUSD: 100 }, quotas },
    status: 201,
  });
  let version = 1;
  /** A changed policy arms the alerts of its quotas again. */
  const rearm = async () => {
    await call('write-policy', {
      path: { tenant },
      headers: { 'content-type': 'application/json', 'if-match': `"v${version}"` },
      body: { budget: { mode: 'hard-cap', limitUSD: 100 }, quotas },
      status: 200,
    });
    version += 1;
  };
  const run = (runId: string, parts: Call) =>
    call('create-run', { body: { tenant, runId, pipeline: 'p', estimatedCostUSD: 1 }, ...parts });
  const step = (stepId: string, body: object, parts: Call) =>
    call('check-step', { path: { runId: 'run-1' }, body: { stepId, ...body }, ...parts });
  const alerts = async (query = '') => (await call('list-alerts', { query, status: 200 })).body;
  return { call, run, step, alerts, claims, rearm };
}

const BY_COST = { estimatedCostUSD: '0.01' };
const REFUSED_REQUEST = { status: 429, code: 'RPM_QUOTA_EXCEEDED' } as const;
const REFUSED_TOKENS = { status: 429, code: 'TOKENS_PER_DAY_EXCEEDED' } as const;
const REFUSED_MODEL = { status: 403, code: 'MODEL_NOT_ALLOWED' } as const;

function tokensOf(input: number, output: number): object {
  return { model: 'gpt-4o-mini', estimatedTokens: { input, output } };
}

/** What the fields say of the quotas, by their names. */
function quotasOf({ headers }: Answer): Record<string, object> {
  const items = [headers['RateLimit-Policy'], headers['RateLimit']].map((field) =>
    parseFieldList(String(field)),
  );
  const [policies = [], standings = []] = items;
  return Object.fromEntries(
    policies.map(({ value, parameters }) => [
      value,
      { ...parameters, ...standings.find((each) => each.value === value)?.parameters },
    ]),
  );
}

test('a quota of requests is counted down in the fields and then refuses', async () => {
  const { run, step, alerts } = await tenantWith('rpm', { requestsPerMinute: 3 });
  const granted = [
    await run('run-1', { status: 201 }),
    await step('s1', BY_COST, { status: 201 }),
    await run('run-2', { status: 201 }),
  ];
  expect(granted.map(quotasOf)).toEqual(
    [2, 1, 0].map((r) => ({ 'requests-per-minute': { q: 3, w: 60, r, t: 40 } })),
  );
  for (const refused of [
    await run('run-3', REFUSED_REQUEST),
    await step('s2', BY_COST, REFUSED_REQUEST),
    await step('s2', { ...BY_COST, dryRun: true }, REFUSED_REQUEST),
  ]) {
    expect(refused.headers).toMatchObject({ 'Retry-After': '40' });
    expect(refused.body).toMatchObject({
      requestsPerMinute: 3,
      retryAfterSeconds: 40,
      detail: 'The quota of 3 requests a minute is used up; try again in 40 seconds.',
    });
    expect(quotasOf(refused)).toEqual({ 'requests-per-minute': { q: 3, w: 60, r: 0, t: 40 } });
  }
  // What was granted before is granted still, and counts nothing.
  await run('run-1', { status: 200 });
  await step('s1', BY_COST, { status: 200 });
  jest.setSystemTime(Date.now() + 39_000);
  await step('s2', BY_COST, REFUSED_REQUEST);
  jest.setSystemTime(Date.now() + 1_000);
  await step('s2', BY_COST, { status: 201 });
  const { items } = await alerts('type=RPM_QUOTA_EXCEEDED');
  expect(items).toMatchObject([
    { count: 3, severity: 'warning', runId: 'run-1', stepId: 's2', pipeline: 'p', status: 'OPEN' },
  ]);
});

test('a quota of tokens refuses by estimate, and all steps once actual use has passed it', async () => {
  const { call, run, step, alerts } = await tenantWith('tokens', { tokensPerDay: 1_000 });
  await run('run-1', { status: 201 });
  const checked = await step('s1', tokensOf(500, 100), { status: 201 });
  const day = { q: 1_000, qu: 'tokens', w: 86_400, t: 43_180 };
  expect(quotasOf(checked)).toEqual({ 'tokens-per-day': { ...day, r: 400 } });
  const refused = await step('s2', tokensOf(400, 1), REFUSED_TOKENS);
  expect(refused.body).toMatchObject({
    tokensPerDay: 1_000,
    remainingTokens: 400,
    requestedTokens: 401,
    retryAfterSeconds: 43_180,
    detail:
      'Step s2 may use 401 tokens, but of the quota of 1,000 tokens a day only 400 are left; it starts anew at midnight UTC, in about 12 hours.',
  });
  expect(refused.headers).toMatchObject({ 'Retry-After': '43180' });
  expect(quotasOf(refused)).toEqual({ 'tokens-per-day': { ...day, r: 400 } });
  const never = await step('s2', tokensOf(1_000, 1), REFUSED_TOKENS);
  expect(never.body.detail).toContain('more than the quota of 1,000 tokens a day');
  const tokens = { input: 900, output: 200 };
  const path = { runId: 'run-1', stepId: 's1' };
  await call('record-usage', { path, body: { tokens }, status: 201 });
  await run('run-2', { status: 201 });
  const overdrawn = await step('s2', BY_COST, REFUSED_TOKENS);
  expect(overdrawn.body.remainingTokens).toBe(0);
  expect(overdrawn.body).not.toHaveProperty('requestedTokens');
  expect(overdrawn.body.detail).toMatch(/^The quota of 1,000 tokens a day is used up; /);
  expect(quotasOf(overdrawn)).toEqual({ 'tokens-per-day': { ...day, r: 0 } });
  const { items } = await alerts('type=TOKENS_PER_DAY_EXCEEDED&status=OPEN');
  expect(items).toMatchObject([{ count: 3, runId: 'run-1', stepId: 's2' }]);
});

test('a model that is not on the list is refused, and so is a step without one', async () => {
  const { run, step, alerts } = await tenantWith('models', { allowedModels: ['openai/*'] });
  const created = await run('run-1', { status: 201 });
  expect(created.headers).not.toHaveProperty('RateLimit');
  await step('s1', tokensOf(10, 10), { status: 201 });
  const azure = { ...tokensOf(10, 10), provider: 'azure' };
  expect((await step('s2', azure, REFUSED_MODEL)).body).toMatchObject({
    model: 'gpt-4o-mini',
    provider: 'azure',
    detail: expect.stringContaining('The model azure/gpt-4o-mini is not among those'),
  });
  expect((await step('s3', BY_COST, REFUSED_MODEL)).body.detail).toContain('has to name its model');
  await step('s3', { ...BY_COST, model: 'claude-x', dryRun: true }, REFUSED_MODEL);
  const { items } = await alerts();
  // A rehearsal tells nobody.
  expect(items).toMatchObject([{ type: 'MODEL_NOT_ALLOWED', stepId: 's3', count: 2 }]);
});

describe('alerts', () => {
  test('are listed in pages, newest first, each sent once', async () => {
    const many = await tenantWith('many', { allowedModels: ['m'] });
    const { step, run, alerts, call, rearm } = many;
    await run('run-1', { status: 201 });
    const models = Array.from({ length: 53 }, (_, index) => `model-${index}`);
    api.eventBridge.forget();
    for (const model of models) {
      await step('s', { ...BY_COST, model }, REFUSED_MODEL);
      await rearm();
    }
    const first = await alerts();
    expect(first.items).toHaveLength(50);
    const second = await alerts(`cursor=${first.nextCursor}`);
    expect(second).not.toHaveProperty('nextCursor');
    const listed = [...first.items, ...second.items];
    expect(listed.map(({ summary }) => /model-\d+/.exec(summary)?.[0])).toEqual(
      models.toReversed(),
    );
    expect(listed.map(({ sentAt }) => typeof sentAt)).toEqual(listed.map(() => 'string'));
    const sent = api.eventBridge.requests.flat().map(alertIdOf);
    expect(sent.toSorted()).toEqual(listed.map(({ alertId }) => alertId).toSorted());
    await call('list-alerts', { query: 'cursor=AAAA', status: 400, code: 'INVALID_REQUEST' });
  });

  test('are acknowledged once, and found by that', async () => {
    const tenant = await tenantWith('ack', { allowedModels: ['m'] });
    const { step, run, alerts, call, claims, rearm } = tenant;
    await run('run-1', { status: 201 });
    for (const model of ['a', 'b']) {
      await step('s', { ...BY_COST, model }, REFUSED_MODEL);
      await rearm();
    }
    const [{ alertId }] = (await alerts()).items;
    const acknowledged = await call('acknowledge-alert', { path: { alertId }, status: 200 });
    expect(acknowledged.body).toMatchObject({
      alertId,
      status: 'ACKNOWLEDGED',
      acknowledgedBy: 'ack-service',
    });
    const again = { path: { alertId }, claims: { ...claims, sub: 'another' }, status: 200 };
    expect((await call('acknowledge-alert', again)).body).toEqual(acknowledged.body);
    expect((await alerts('status=ACKNOWLEDGED')).items).toEqual([acknowledged.body]);
    expect((await alerts('status=OPEN')).items).toHaveLength(1);
    expect((await alerts('status=OPEN&type=LEDGER_DRIFT')).items).toEqual([]);
  });

  test('are nobody else’s', async () => {
    const { step, run, alerts, call, claims } = await tenantWith('own', { allowedModels: ['m'] });
    await run('run-1', { status: 201 });
    await step('s', { ...BY_COST, model: 'a' }, REFUSED_MODEL);
    const { items } = await alerts();
    const [{ alertId }] = items;
    const path = { alertId };
    const other = { ...claims, tenant: 'other' };
    const missing = { status: 404, code: 'NOT_FOUND' } as const;
    const foreign = await call('acknowledge-alert', { path, claims: other, ...missing });
    const none = await call('acknowledge-alert', { path: { alertId: 'al_none' }, ...missing });
    const { instance: _instance, ...problem } = foreign.body;
    expect(none.body).toMatchObject(problem);
    const forbidden = { status: 403, code: 'FORBIDDEN' } as const;
    await call('list-alerts', { claims: other, query: 'tenant=own', ...forbidden });
    expect((await call('list-alerts', { claims: other, status: 200 })).body).toEqual({ items: [] });
    const runner = { ...claims, scope: 'maestro/run' };
    await call('list-alerts', { claims: runner, ...forbidden });
    await call('acknowledge-alert', { path, claims: runner, ...forbidden });
    expect((await alerts()).items).toEqual(items);
  });

  test('of any tenant are open to a service for all of them', async () => {
    const { step, run, claims } = await tenantWith('any', { allowedModels: ['m'] });
    await run('run-1', { status: 201 });
    await step('s', { ...BY_COST, model: 'a' }, REFUSED_MODEL);
    const service = { ...claims, tenant: '*' };
    const list = (parts: Call) => api.call('list-alerts', { claims: service, ...parts });
    await list({ status: 400, code: 'INVALID_REQUEST' });
    const { body } = await list({ query: 'tenant=any', status: 200 });
    const path = { alertId: body.items[0].alertId };
    await api.call('acknowledge-alert', { path, claims: service, status: 200 });
  });
});

test('no function logged a fault', () => {
  expect(api.logged).toEqual([]);
});
