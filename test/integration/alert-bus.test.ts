import type { Alert } from '../../core/alerts/alert';
import { raiseAlert } from '../../core/alerts/raise-alert';
import { createAlertBus } from '../../lambdas/adapters/eventbridge/alert-bus';
import { alertCenter, capHit } from '../support/alert-center';
import { alertIdOf, EventBridge } from '../support/event-bridge';

const eventBridge = new EventBridge();

beforeAll(async () => {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_EVENTBRIDGE: await eventBridge.start(),
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  });
});
beforeEach(() => eventBridge.forget());
afterAll(() => eventBridge.stop());

function alerts(count: number): Alert[] {
  const at = '2026-11-30T12:00:00.123Z';
  return Array.from({ length: count }, (_, index) => ({
    ...capHit(),
    alertId: `al_${index}`,
    status: 'OPEN',
    count: 1,
    occurredAt: at,
    lastOccurredAt: at,
  }));
}

const idsOf = (all: readonly Alert[]): string[] => all.map(({ alertId }) => alertId);
const sentIds = (): string[][] => eventBridge.requests.map((entries) => entries.map(alertIdOf));

test('alerts go out in batches of ten', async () => {
  const all = alerts(23);
  expect(await createAlertBus('the-bus').send(all)).toEqual(idsOf(all));
  expect(eventBridge.requests.map(({ length }) => length)).toEqual([10, 10, 3]);
  expect(sentIds().flat()).toEqual(idsOf(all));
});

test('no request is made for no alert', async () => {
  expect(await createAlertBus('the-bus').send([])).toEqual([]);
  expect(eventBridge.requests).toEqual([]);
});

test('an alert is an event of its type, with what the contract says of its detail', async () => {
  const [alert] = alerts(1);
  await createAlertBus('the-bus').send([alert!]);
  const [[entry] = []] = eventBridge.requests;
  const { Detail: detail, ...others } = entry!;
  expect(others).toEqual({
    EventBusName: 'the-bus',
    Source: 'maestro.billing',
    DetailType: 'BUDGET_HARD_CAP_HIT',
    Time: Date.parse(alert!.occurredAt) / 1_000,
  });
  expect(JSON.parse(detail)).toEqual({
    alertId: 'al_0',
    tenant: 'acme',
    pipeline: 'nightly',
    runId: 'run-1',
    stepId: 's-1',
    month: '2026-11',
    severity: 'critical',
    limitUSD: '10.00',
    spentUSD: '9.90',
    reservedUSD: '0.08',
    requestedUSD: '0.05',
    runbook: '/docs/maestro/runbooks/budget-override',
    occurredAt: '2026-11-30T12:00:00.123Z',
    count: 1,
    summary: 'acme was refused 0.05 USD.',
  });
});

test('what an alert has not is null in its detail: rules and transformers find every field', async () => {
  const { figures, requested, pipeline, runId, stepId, ...drift } = alerts(1)[0]!;
  expect([figures, requested, pipeline, runId, stepId]).not.toContain(undefined);
  await createAlertBus('the-bus').send([drift]);
  expect(JSON.parse(eventBridge.requests[0]![0]!.Detail)).toMatchObject({
    pipeline: null,
    runId: null,
    stepId: null,
    limitUSD: null,
    spentUSD: null,
    reservedUSD: null,
    requestedUSD: null,
  });
});

describe('a bus that takes a part', () => {
  test('is asked again for that which it did not take, and for nothing else', async () => {
    eventBridge.refusals.set('al_1', 1);
    const taken = await createAlertBus('the-bus').send(alerts(3));
    expect([...taken].toSorted()).toEqual(['al_0', 'al_1', 'al_2']);
    expect(sentIds()).toEqual([['al_0', 'al_1', 'al_2'], ['al_1']]);
  });

  test('is asked for ever less', async () => {
    eventBridge.refusals.set('al_1', 1).set('al_3', 2);
    const taken = await createAlertBus('the-bus').send(alerts(4));
    expect(taken).toEqual(['al_0', 'al_2', 'al_1', 'al_3']);
    expect(sentIds().slice(1)).toEqual([['al_1', 'al_3'], ['al_3']]);
  });

  test('and never the rest is not said to have taken it', async () => {
    eventBridge.refusals.set('al_0', 100);
    expect(await createAlertBus('the-bus').send(alerts(2))).toEqual(['al_1']);
    expect(eventBridge.requests).toHaveLength(3);
  });

  test('and then fails is known to have taken that part: it is not sent twice', async () => {
    eventBridge.refusals.set('al_1', 1);
    eventBridge.moods.push('well', 'failing', 'failing');
    expect(await createAlertBus('the-bus').send(alerts(3))).toEqual(['al_0', 'al_2']);
    eventBridge.forget();
    eventBridge.moods.push('well', 'failing', 'failing');
    const all = alerts(25);
    expect(await createAlertBus('the-bus').send(all)).toEqual(idsOf(all.slice(0, 10)));
  });
});

describe('a bus that fails', () => {
  test.each(['failing', 'throttling'] as const)('by %s once is asked again', async (mood) => {
    eventBridge.moods.push(mood);
    expect(await createAlertBus('the-bus').send(alerts(2))).toEqual(['al_0', 'al_1']);
    expect(eventBridge.requests).toHaveLength(2);
  });

  test('and goes on to fail is told, and can be used again later', async () => {
    const bus = createAlertBus('the-bus');
    eventBridge.moods.push('failing', 'failing');
    await expect(bus.send(alerts(2))).rejects.toThrow('not now');
    expect(await bus.send(alerts(2))).toEqual(['al_0', 'al_1']);
  });

  test('by saying nothing is not waited for: a caller waits for a decision meanwhile', async () => {
    const { ports, store, faults } = alertCenter();
    eventBridge.moods.push('silent', 'silent', 'silent');
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    const startedAt = Date.now();
    await raiseAlert({ ...ports, bus: createAlertBus('the-bus') }, capHit());
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    expect(await store.unsent(10)).toHaveLength(1);
    expect(faults).toEqual([expect.stringMatching(/^alerts could not be sent: .*1000 ms/)]);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  }, 15_000);
});
