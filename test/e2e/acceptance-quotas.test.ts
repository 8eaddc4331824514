import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startChildCloud, type ChildCloud } from '../../local/child-cloud';
import {
  API,
  callServer,
  START_PATIENCE_MS,
  tokenFor,
  type ApiAnswer,
} from '../support/local-cloud';

jest.setTimeout(120_000);

const QUOTA = 50;

let cloud: ChildCloud;
let webhook: Server;
const posts: string[] = [];

beforeAll(async () => {
  webhook = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    request.on('end', () => {
      posts.push(text);
      response.writeHead(202).end();
    });
  });
  await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', () => resolve()));
  const { port } = webhook.address() as AddressInfo;
  cloud = await startChildCloud({
    PORT: '0',
    DATA_DIR: '',
    SCHEDULES: 'off',
    ALERT_WEBHOOK: `http://127.0.0.1:${port}/alerts`,
    // Long before the minute's end, so that all callers are in one.
    CLOCK_START: '2026-11-10T12:00:00Z',
  });
}, START_PATIENCE_MS);

afterAll(async () => {
  await cloud.stop();
  webhook.close();
});

async function tenantWith(tenant: string, quotas: object, limitUSD = '100'): Promise<string> {
  const token = await tokenFor(cloud.url, { tenant });
  const { status } = await callServer(cloud.url, 'PUT', `${API}/billing/policies/${tenant}`, {
    token,
    headers: { 'if-none-match': '*' },
    body: { budget: { mode: 'hard-cap', limitUSD, alertThresholds: [100] }, quotas },
  });
  expect(status).toBe(201);
  return token;
}

const post = (token: string, path: string, body: object): Promise<ApiAnswer> =>
  callServer(cloud.url, 'POST', `${API}${path}`, { token, body });
const openRun = (token: string, tenant: string, runId: string, cost = '0.01') =>
  post(token, '/runs', { tenant, runId, pipeline: 'p', estimatedCostUSD: cost });
const alertsOf = async (token: string) =>
  (await callServer(cloud.url, 'GET', `${API}/alerts`, { token })).body['items'] as Record<
    string,
    unknown
  >[];

/** So many callers, each with one request after another. */
async function byCallers(
  callers: number,
  requests: number,
  send: (index: number) => Promise<ApiAnswer>,
): Promise<readonly ApiAnswer[]> {
  let next = 0;
  const answers: ApiAnswer[] = [];
  const caller = async () => {
    while (next < requests) answers.push(await send((next += 1)));
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return answers;
}

test('32 callers on 50 requests a minute: exactly 50 are let through', async () => {
  const token = await tenantWith('rpm', { requestsPerMinute: QUOTA });
  const answers = await byCallers(32, 80, (index) => openRun(token, 'rpm', `r${index}`));
  const granted = answers.filter(({ status }) => status === 201);
  const refused = answers.filter(({ status }) => status === 429);
  expect([granted.length, refused.length]).toEqual([QUOTA, 30]);
  for (const { headers } of granted) {
    expect(headers.get('ratelimit-policy')).toBe('"requests-per-minute";q=50;w=60');
    expect(headers.get('ratelimit')).toMatch(/^"requests-per-minute";r=\d+;t=\d+$/);
  }
  const left = granted.map(({ headers }) => /r=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1]);
  expect(left.map(Number).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: QUOTA }, (_, index) => index),
  );
  for (const { headers, body } of refused) {
    const seconds = Number(headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(1);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(headers.get('ratelimit')).toBe(`"requests-per-minute";r=0;t=${seconds}`);
    expect(body).toMatchObject({ code: 'RPM_QUOTA_EXCEEDED', retryAfterSeconds: seconds });
  }
  expect(await alertsOf(token)).toMatchObject([{ type: 'RPM_QUOTA_EXCEEDED', count: 30 }]);
});

test('a model that is not allowed is refused with 403', async () => {
  const token = await tenantWith('models', { allowedModels: ['anthropic/*'] });
  await openRun(token, 'models', 'r');
  const step = (stepId: string, provider: string) =>
    post(token, '/runs/r/steps', { stepId, model: 'm', provider, estimatedCostUSD: '0.001' });
  expect(await step('s1', 'openai')).toMatchObject({
    status: 403,
    body: { code: 'MODEL_NOT_ALLOWED' },
  });
  expect((await step('s1', 'anthropic')).status).toBe(201);
});

test('many denials page once; the alert is listed with its count and acknowledged', async () => {
  const token = await tenantWith('paged', {}, '1');
  const answers = await byCallers(8, 40, (index) => openRun(token, 'paged', `r${index}`, '2'));
  for (const { status } of answers) expect(status).toBe(402);
  const [alert, ...others] = await alertsOf(token);
  expect(others).toEqual([]);
  expect(alert).toMatchObject({ type: 'BUDGET_HARD_CAP_HIT', status: 'OPEN', count: 40 });
  const alertId = String(alert?.['alertId']);

  const stranger = await tokenFor(cloud.url, { tenant: 'stranger' });
  expect((await post(stranger, `/alerts/${alertId}/ack`, {})).status).toBe(404);
  expect(await post(token, `/alerts/${alertId}/ack`, {})).toMatchObject({
    status: 200,
    body: { alertId, status: 'ACKNOWLEDGED', acknowledgedBy: 'test' },
  });
  expect(await alertsOf(token)).toMatchObject([{ alertId, status: 'ACKNOWLEDGED', count: 40 }]);

  const pages = () => posts.filter((text) => text.includes(alertId));
  while (pages().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(pages()).toHaveLength(1);
  expect(JSON.parse(pages()[0] ?? '')).toMatchObject({
    event_action: 'trigger',
    dedup_key: alertId,
    payload: { severity: 'critical' },
  });
});
