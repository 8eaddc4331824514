import { maestroClient, MaestroRequestError, MaestroUnavailableError } from '../../../index';
import { GuardBench } from '../../support/guarded-handler';

let bench: GuardBench;

beforeEach(async () => {
  bench = await new GuardBench().start();
  bench.openRun();
});
afterEach(() => bench.server.stop());

const check = (client = bench.client()) =>
  client.checkStep('run-1', { stepId: 'step-1', estimatedCostUSD: '0.10' });

const problem = (status: number, code: string) => ({ status, code, detail: 'A sentence.' });

test.each([
  [402, 'BUDGET_HARD_CAP_HIT'],
  [403, 'MODEL_NOT_ALLOWED'],
  [403, 'POLICY_NOT_FOUND'],
  [409, 'RUN_CLOSED'],
  [422, 'PRICE_UNKNOWN'],
  [429, 'TOKENS_PER_DAY_EXCEEDED'],
])('%s %s is a refusal, and a value', async (status, code) => {
  const body = { ...problem(status, code), limitUSD: '10.00' };
  bench.server.plan('check-step', { kind: 'answer', status, body });
  expect(await check()).toEqual({ kind: 'refused', problem: body });
});

test.each([
  [400, problem(400, 'INVALID_REQUEST'), 'INVALID_REQUEST'],
  [403, problem(403, 'FORBIDDEN'), 'FORBIDDEN'],
  [404, problem(404, 'NOT_FOUND'), 'NOT_FOUND'],
  [409, problem(409, 'ID_REUSED'), 'ID_REUSED'],
  [403, { message: 'Forbidden' }, 'FORBIDDEN'],
  [404, { message: 'Not Found' }, 'NOT_FOUND'],
  [413, { message: 'Request Entity Too Large' }, 'INVALID_REQUEST'],
])('%s %j is a mistake to be mended', async (status, body, code) => {
  bench.server.plan('check-step', { kind: 'answer', status, body });
  const error: unknown = await check().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MaestroRequestError);
  expect(error).toMatchObject({ problem: { status, code } });
});

test.each([
  [408, {}],
  [429, { message: 'Too Many Requests' }],
  [500, problem(500, 'INTERNAL')],
  [503, problem(503, 'LEDGER_UNAVAILABLE')],
])('%s %j is worth another attempt', async (status, body) => {
  const headers = { 'retry-after': '2' };
  bench.server.plan('check-step', { kind: 'answer', status, body, headers });
  const error: unknown = await check().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MaestroUnavailableError);
  expect(error).toMatchObject({ retryAfterMs: 2_000 });
});

test.each([
  ['no object', ['allow']],
  ['no decision', { reservedUSD: '1.00', warnings: [] }],
  ['another decision', { decision: 'perhaps', reservedUSD: '1.00', warnings: [] }],
  ['no amount', { decision: 'allow', reservedUSD: 1, warnings: [] }],
  ['no warnings', { decision: 'allow', reservedUSD: '1.00' }],
])('a 200 with %s does not let anybody in', async (_what, body) => {
  bench.server.plan('check-step', { kind: 'answer', status: 200, body });
  await expect(check()).rejects.toBeInstanceOf(MaestroUnavailableError);
});

test('the address may end in a slash or have a path of its own', async () => {
  const urls: string[] = [];
  const at = (baseUrl: string) =>
    maestroClient({
      baseUrl,
      token: async () => 'token',
      fetch: (url) => {
        urls.push(String(url));
        return Promise.reject(new Error('far enough'));
      },
    });
  for (const url of ['https://a.test', 'https://a.test/', 'https://a.test/prod']) {
    await expect(check(at(url))).rejects.toBeInstanceOf(MaestroUnavailableError);
  }
  expect(urls).toEqual([
    'https://a.test/api/maestro/v1/runs/run-1/steps',
    'https://a.test/api/maestro/v1/runs/run-1/steps',
    'https://a.test/prod/api/maestro/v1/runs/run-1/steps',
  ]);
});

test('ids cannot lead to another path', async () => {
  await expect(
    bench.client().checkStep('../x', { stepId: 's', estimatedCostUSD: '1' }),
  ).rejects.toMatchObject({ problem: { status: 404 } });
  expect(bench.server.seen.at(-1)?.path).toBe('/api/maestro/v1/runs/..%2Fx/steps');
});

test('a token is not carried over to where a redirect leads', async () => {
  const headers = { location: `${bench.server.url}/api/maestro/v1/runs/run-1/steps` };
  bench.server.plan('check-step', { kind: 'answer', status: 307, headers });
  await expect(check()).rejects.toBeInstanceOf(MaestroUnavailableError);
  expect(bench.server.count('check-step')).toBe(1);
});

test('a call without a signal has a time limit of its own', async () => {
  bench.server.plan('check-step', { kind: 'slow', delayMs: 1_000 });
  const client = maestroClient({
    baseUrl: bench.server.url,
    token: async () => 'token',
    requestTimeoutMs: 50,
  });
  await expect(check(client)).rejects.toBeInstanceOf(MaestroUnavailableError);
});
