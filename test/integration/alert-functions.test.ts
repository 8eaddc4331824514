import type { Alert } from '../../core/alerts/alert';
import type { FunctionName } from '../../core/contract/functions';
import { createAlertStore } from '../../lambdas/adapters/dynamodb/alert-store';
import { capHit } from '../support/alert-center';
import { apiEvent, lambdaContext } from '../support/api-event';
import { startTestEngine, type TestEngine } from '../support/dynamo-engine';
import { alertIdOf, EventBridge } from '../support/event-bridge';

jest.setTimeout(60_000);

const VARIABLES = [
  'STAGE',
  'POWERTOOLS_LOG_LEVEL',
  'TENANT_CLAIM',
  'CONSOLE_URL',
  'CONTROL_TABLE',
  'ALERT_BUS',
] as const;

const eventBridge = new EventBridge();
const lines: string[] = [];
let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
  process.env['AWS_ENDPOINT_URL_EVENTBRIDGE'] = await eventBridge.start();
});
beforeEach(() => {
  Object.assign(process.env, {
    STAGE: 'test',
    POWERTOOLS_LOG_LEVEL: 'ERROR',
    TENANT_CLAIM: 'org',
    CONSOLE_URL: 'https://console.example.com',
    CONTROL_TABLE: engine.controlTable,
    ALERT_BUS: 'the-bus',
  });
  lines.length = 0;
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => lines.push(String(line)) > 0);
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  for (const name of VARIABLES) delete process.env[name];
  await eventBridge.stop();
  await engine.stop();
});

type Handler = (event?: object, context?: object) => Promise<Record<string, unknown>>;

/** The function as Lambda loads it: its module reads the environment and wires it. */
function load(name: FunctionName): Handler {
  let handler: Handler | undefined;
  jest.isolateModules(() => {
    ({ handler } = require(`../../lambdas/${name}/index`) as { handler: Handler });
  });
  return handler!;
}

async function store(alertId: string, ageSeconds: number): Promise<void> {
  const at = new Date(Date.now() - ageSeconds * 1_000).toISOString();
  const alert: Alert = {
    ...capHit(),
    alertId,
    status: 'OPEN',
    count: 1,
    occurredAt: at,
    lastOccurredAt: at,
  };
  await createAlertStore(engine.clients, engine.controlTable).create(alert);
}

const CLAIMS = { sub: 'someone', org: 'acme', scope: 'maestro/read' };

async function answerOf(name: FunctionName, parts: Parameters<typeof apiEvent>[0]) {
  const answer = await load(name)(apiEvent({ claims: CLAIMS, ...parts }), lambdaContext());
  return { status: answer['statusCode'], body: JSON.parse(String(answer['body'])) };
}

test('the outbox is emptied once, by whichever instance comes first', async () => {
  await store('al_forgotten', 60);
  await store('al_just_now', 0);
  eventBridge.moods.push('failing', 'failing');
  expect(await load('send-alerts')()).toEqual({ sent: 0 });
  expect(lines).toEqual([expect.stringContaining('"message":"alerts could not be sent"')]);
  eventBridge.forget();
  expect(await load('send-alerts')()).toEqual({ sent: 1 });
  expect(await load('send-alerts')()).toEqual({ sent: 0 });
  expect(eventBridge.requests.flat()).toMatchObject([
    { EventBusName: 'the-bus', Source: 'maestro.billing', DetailType: 'BUDGET_HARD_CAP_HIT' },
  ]);
  expect(eventBridge.requests.flat().map(alertIdOf)).toEqual(['al_forgotten']);
});

test('alerts are listed and acknowledged for the tenant that the configured claim names', async () => {
  const listed = await answerOf('list-alerts', { method: 'GET' });
  expect(listed.status).toBe(200);
  const ids = listed.body.items.map(({ alertId }: { alertId: string }) => alertId);
  expect(ids).toEqual(['al_just_now', 'al_forgotten']);
  const path = { alertId: 'al_forgotten' };
  const acknowledged = await answerOf('acknowledge-alert', { path });
  expect(acknowledged).toMatchObject({ status: 200, body: { acknowledgedBy: 'someone' } });
  const foreign = await answerOf('acknowledge-alert', { path, claims: { ...CLAIMS, org: 'b' } });
  expect(foreign).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

test.each([
  ['list-alerts', 'CONTROL_TABLE'],
  ['list-alerts', 'TENANT_CLAIM'],
  ['acknowledge-alert', 'CONTROL_TABLE'],
  ['send-alerts', 'ALERT_BUS'],
  ['send-alerts', 'CONTROL_TABLE'],
  ['create-run', 'ALERT_BUS'],
] as const)('%s does not start without %s', (name, variable) => {
  delete process.env[variable];
  expect(() => load(name)).toThrow(`${variable} is missing`);
});

test('a table that cannot be reached is answered 503, and fails the scheduled function', async () => {
  process.env['CONTROL_TABLE'] = 'maestro-billing-none-control';
  const listed = await answerOf('list-alerts', { method: 'GET' });
  expect(listed).toMatchObject({ status: 503, body: { code: 'LEDGER_UNAVAILABLE' } });
  const acknowledged = await answerOf('acknowledge-alert', { path: { alertId: 'al_forgotten' } });
  expect(acknowledged).toMatchObject({ status: 503, body: { code: 'LEDGER_UNAVAILABLE' } });
  await expect(load('send-alerts')()).rejects.toThrow("the ledger's table did not answer");
});
