import { FUNCTION_NAMES, routeOf } from '../../core/contract/functions';
import { PublishedApi, type Call, type CalledFunction } from '../support/published-calls';

jest.setTimeout(60_000);

let api: PublishedApi;

beforeAll(async () => {
  api = await PublishedApi.start();
});
afterAll(() => api.stop());

const call = (name: CalledFunction, parts: Call) => api.call(name, parts);

const TENANT = { tenant: 'acme' };
const RUN = { runId: 'run-1' };
const NEW_RUN = {
  ...TENANT,
  ...RUN,
  pipeline: 'nightly',
  estimatedCostUSD: '1',
  tags: { team: 'a' },
};
const PRICED = { model: 'gpt-4o-mini', estimatedTokens: { input: 1_000, output: 100 } };

function usageOf(stepId: string, body: object): Pick<Call, 'path' | 'body'> {
  return { path: { ...RUN, stepId }, body };
}

test('a policy, a run, its steps and their usage answer as published', async () => {
  const budget = { mode: 'hard-cap', limitUSD: 2 };
  await call('create-run', { body: NEW_RUN, status: 403, code: 'POLICY_NOT_FOUND' });
  await call('read-budget', { path: TENANT, status: 403, code: 'POLICY_NOT_FOUND' });
  await call('read-policy', { path: TENANT, status: 404, code: 'NOT_FOUND' });
  const put = { path: TENANT, body: { budget } };
  await call('write-policy', { ...put, status: 428, code: 'PRECONDITION_REQUIRED' });
  const first = { 'content-type': 'application/json', 'if-none-match': '*' };
  await call('write-policy', { ...put, headers: first, status: 201 });
  await call('write-policy', { ...put, headers: first, status: 412, code: 'PRECONDITION_FAILED' });
  const next = { 'content-type': 'application/json', 'if-match': '"v1"' };
  const quotas = { requestsPerMinute: 500, tokensPerDay: 1_000_000 };
  const rates = [{ model: 'm', provider: 'p', inputPerMTokUSD: 1, outputPerMTokUSD: '2' }];
  await call('write-policy', {
    ...put,
    body: { budget, quotas, rates },
    headers: next,
    status: 200,
  });
  await call('read-policy', { path: TENANT, status: 200 });
  await call('create-run', { body: { ...NEW_RUN, dryRun: true }, status: 200 });
  await call('create-run', { body: NEW_RUN, status: 201 });
  await call('create-run', { body: NEW_RUN, status: 200 });
  const other = { ...NEW_RUN, pipeline: 'other' };
  await call('create-run', { body: other, status: 409, code: 'ID_REUSED' });
  const large = { ...NEW_RUN, runId: 'run-2', estimatedCostUSD: '1.01' };
  await call('create-run', { body: large, status: 402, code: 'BUDGET_HARD_CAP_HIT' });
  const unknown = [{ model: 'gpt-99', inputTokens: 1, outputTokens: 1 }];
  const unpriced = { ...TENANT, pipeline: 'p', estimate: unknown };
  await call('create-run', { body: unpriced, status: 422, code: 'PRICE_UNKNOWN' });
  await call('check-step', {
    path: RUN,
    body: { stepId: 's1', ...PRICED, dryRun: true },
    status: 200,
  });
  await call('check-step', { path: RUN, body: { stepId: 's1', ...PRICED }, status: 201 });
  await call('check-step', {
    path: RUN,
    body: { stepId: 's2', estimatedCostUSD: 0.5 },
    status: 201,
  });
  const tooMuch = { stepId: 's3', estimatedCostUSD: '9' };
  await call('check-step', { path: RUN, body: tooMuch, status: 402, code: 'BUDGET_HARD_CAP_HIT' });
  await call('read-run', { path: RUN, status: 200 });
  const tokens = { input: 900, output: 90, cachedInput: 100 };
  await call('record-usage', { ...usageOf('s1', { tokens }), status: 201 });
  await call('record-usage', { ...usageOf('s1', { tokens }), status: 200 });
  await call('record-usage', { ...usageOf('s1', { costUSD: 1 }), status: 409, code: 'ID_REUSED' });
  await call('record-usage', { ...usageOf('s2', { costUSD: '0.25' }), status: 201 });
  await call('read-run', { path: RUN, status: 200 });
  await call('complete-run', { path: RUN, body: { status: 'failed' }, status: 200 });
  const succeeded = { path: RUN, body: { status: 'succeeded' } };
  await call('complete-run', { ...succeeded, status: 409, code: 'RUN_CLOSED' });
  const late = { path: RUN, body: { stepId: 's4', estimatedCostUSD: '0' } };
  await call('check-step', { ...late, status: 409, code: 'RUN_CLOSED' });
  await call('record-usage', { ...usageOf('late', { costUSD: '0.01' }), status: 201 });
  await call('read-run', { path: RUN, status: 200 });
  await call('read-budget', { path: TENANT, status: 200 });
  await call('list-usage', { status: 200 });
  const { body } = await call('list-alerts', { query: 'type=BUDGET_HARD_CAP_HIT', status: 200 });
  const [{ alertId, count, runId, stepId }] = body.items;
  expect({ count, runId, stepId }).toEqual({ count: 2, runId: 'run-1', stepId: 's3' });
  await call('acknowledge-alert', { path: { alertId }, status: 200 });
});

test('what is not there, or another tenant’s, answers as published', async () => {
  const globex = { sub: 's', tenant: 'globex', scope: 'maestro/run maestro/read maestro/policy' };
  const bodies: Readonly<Record<string, object>> = {
    'check-step': { stepId: 's', estimatedCostUSD: 1 },
    'record-usage': { costUSD: 1 },
    'complete-run': { status: 'succeeded' },
  };
  for (const name of ['read-run', 'check-step', 'record-usage', 'complete-run'] as const) {
    const path = name === 'record-usage' ? { ...RUN, stepId: 's1' } : RUN;
    const body = bodies[name] === undefined ? {} : { body: bodies[name] };
    await call(name, { path, claims: globex, ...body, status: 404, code: 'NOT_FOUND' });
    const foreign = { claims: globex, query: 'tenant=acme' };
    await call(name, { path, ...foreign, ...body, status: 403, code: 'FORBIDDEN' });
  }
  await call('read-budget', { path: TENANT, claims: globex, status: 403, code: 'FORBIDDEN' });
  await call('read-policy', { path: TENANT, claims: globex, status: 403, code: 'FORBIDDEN' });
  await call('list-usage', {
    claims: globex,
    query: 'tenant=acme',
    status: 403,
    code: 'FORBIDDEN',
  });
});

test('every function was asked, and none logged a fault', () => {
  const withToken = FUNCTION_NAMES.filter((name) => routeOf(name) && !routeOf(name)?.isPublic);
  expect([...api.asked].toSorted()).toEqual(withToken.toSorted());
  expect(api.logged).toEqual([]);
});
