import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alert } from '../../core/alerts/alert';
import { createAlertBus, EVENT_SOURCE } from '../../lambdas/adapters/eventbridge/alert-bus';

interface Entry {
  readonly EventBusName: string;
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** What each request had in it, in the order of arrival. */
let requests: Entry[][];
/** Alerts of which the bus does not take so many first tries. */
let refusals: Map<string, number>;
let server: Server;
const operations = new Set<string>();

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += String(part);
  return text;
}

const alertIdOf = ({ Detail }: Entry): string => JSON.parse(Detail).alertId;

/** Answers as EventBridge does: an entry of the answer for each of the request, in its order. */
function answerFor(entry: Entry): object {
  const left = refusals.get(alertIdOf(entry)) ?? 0;
  if (left === 0) return { EventId: `event-of-${alertIdOf(entry)}` };
  refusals.set(alertIdOf(entry), left - 1);
  return { ErrorCode: 'ThrottlingException', ErrorMessage: 'later' };
}

beforeAll(async () => {
  server = createServer(async (request, response) => {
    operations.add(String(request.headers['x-amz-target']));
    const { Entries } = JSON.parse(await textOf(request)) as { Entries: Entry[] };
    requests.push(Entries);
    const answers = Entries.map(answerFor);
    const failed = answers.filter((answer) => 'ErrorCode' in answer).length;
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ Entries: answers, FailedEntryCount: failed }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_EVENTBRIDGE: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});

beforeEach(() => {
  requests = [];
  refusals = new Map();
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function alerts(count: number): Alert[] {
  const sample = {
    type: 'BUDGET_HARD_CAP_HIT',
    severity: 'critical',
    tenant: 'acme',
    month: '2026-11',
    condition: 'limit 1, 2026-11-30',
    summary: 'acme was refused 2.00 USD.',
    runbook: '/docs/maestro/runbooks/budget-override',
    status: 'OPEN',
    count: 1,
    occurredAt: '2026-11-30T12:00:00.000Z',
    lastOccurredAt: '2026-11-30T12:00:00.000Z',
  } as const;
  return Array.from({ length: count }, (_, index) => ({ ...sample, alertId: `al_${index}` }));
}

test('alerts go out in batches of ten, each as an event of its type', async () => {
  const all = alerts(23);
  expect(await createAlertBus('the-bus').send(all)).toEqual(all.map(({ alertId }) => alertId));
  expect(requests.map(({ length }) => length)).toEqual([10, 10, 3]);
  expect([...operations]).toEqual(['AWSEvents.PutEvents']);
  expect(requests[0]![0]).toMatchObject({
    EventBusName: 'the-bus',
    Source: EVENT_SOURCE,
    DetailType: all[0]!.type,
  });
});

test('what a bus did not take is tried again, alone', async () => {
  refusals.set('al_1', 1);
  const taken = await createAlertBus('the-bus').send(alerts(3));
  expect([...taken].toSorted()).toEqual(['al_0', 'al_1', 'al_2']);
  expect(requests.map((entries) => entries.map(alertIdOf))).toEqual([
    ['al_0', 'al_1', 'al_2'],
    ['al_1'],
  ]);
});

test('what a bus never takes is not said to be taken', async () => {
  refusals.set('al_0', 100);
  expect(await createAlertBus('the-bus').send(alerts(2))).toEqual(['al_1']);
  expect(requests).toHaveLength(3);
});
