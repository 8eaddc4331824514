import type { Alert } from '../../../core/alerts/alert';
import type { AlertPorts } from '../../../core/alerts/ports';
import { alertIdOf, ensureAlert, raiseAlert, sendAlerts } from '../../../core/alerts/raise-alert';
import { alertCenter, capHit } from '../../support/alert-center';

const NOON = '2026-11-30T12:00:00.000Z';
const LATER = '2026-11-30T12:05:00.000Z';

function onlyAlert(alerts: ReadonlyMap<string, Alert>): Alert {
  const [alert, ...others] = alerts.values();
  expect(others).toEqual([]);
  expect(alert).toBeDefined();
  return alert!;
}

/** Ports on which every call of one part of a port fails. */
function failing(ports: AlertPorts, part: 'create' | 'count' | 'markSent'): AlertPorts {
  const { store } = ports;
  const fail = () => Promise.reject(new Error(`no ${part}`));
  const failed = {
    create: store.create.bind(store),
    count: store.count.bind(store),
    markSent: store.markSent.bind(store),
    [part]: fail,
  };
  return { ...ports, store: Object.assign(Object.create(store), failed) };
}

describe('the first time of a condition', () => {
  test('is stored, then sent, then marked as sent', async () => {
    const { ports, store, bus, faults } = alertCenter();
    const order: string[] = [];
    const watched: AlertPorts = {
      ...ports,
      bus: {
        send: async (alerts) => {
          const stored = await store.read(alerts[0]!.alertId);
          order.push(`sent when stored: ${stored !== undefined}, marked: ${stored?.sentAt}`);
          return bus.send(alerts);
        },
      },
    };
    await raiseAlert(watched, capHit());
    expect(order).toEqual(['sent when stored: true, marked: undefined']);
    const alert = onlyAlert(store.alerts);
    expect(alert).toEqual({
      ...capHit(),
      alertId: alertIdOf(ports, capHit()),
      status: 'OPEN',
      count: 1,
      occurredAt: NOON,
      lastOccurredAt: NOON,
      sentAt: NOON,
    });
    expect(bus.taken.map(({ alertId, count }) => [alertId, count])).toEqual([[alert.alertId, 1]]);
    expect(faults).toEqual([]);
  });

  test('has an id that stands in a path and a key', () => {
    expect(alertIdOf(alertCenter().ports, capHit())).toMatch(/^al_[A-Za-z0-9_-]{20}$/);
  });

  test.each(['tenant', 'type', 'month', 'condition'] as const)(
    'is another one by its %s',
    (part) => {
      const { ports } = alertCenter();
      const other = capHit({ [part]: part === 'type' ? 'LEDGER_DRIFT' : 'other' });
      expect(alertIdOf(ports, other)).not.toBe(alertIdOf(ports, capHit()));
    },
  );

  test('is not told apart by run, step, figures or words', () => {
    const { ports } = alertCenter();
    const again = capHit({ runId: 'run-2', stepId: 's-9', requested: 1n, summary: 'other' });
    expect(alertIdOf(ports, again)).toBe(alertIdOf(ports, capHit()));
  });
});

describe('a condition that comes again', () => {
  test('adds to the count and pages nobody; the particulars are those of the last time', async () => {
    const { ports, store, bus, clock } = alertCenter();
    await raiseAlert(ports, capHit());
    clock.moveTo(LATER);
    const last = capHit({ runId: 'run-2', stepId: 's-2', requested: 7n, summary: 'the last time' });
    await raiseAlert(ports, last);
    expect(onlyAlert(store.alerts)).toMatchObject({
      ...last,
      count: 2,
      occurredAt: NOON,
      lastOccurredAt: LATER,
      sentAt: NOON,
    });
    expect(bus.taken).toHaveLength(1);
  });

  test('does not keep the step of an earlier run', async () => {
    const { ports, store } = alertCenter();
    await raiseAlert(ports, capHit());
    const { stepId: _stepId, ...run } = capHit({ runId: 'run-2' });
    await raiseAlert(ports, run);
    const alert = onlyAlert(store.alerts);
    expect([alert.runId, alert.stepId]).toEqual(['run-2', undefined]);
  });

  test('pages once and counts every time, whatever process sees it', async () => {
    const { ports, store, bus, anotherProcess } = alertCenter();
    const processes = [ports, anotherProcess(), anotherProcess(), anotherProcess()];
    await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => raiseAlert(processes[index % 4]!, capHit())),
    );
    expect(onlyAlert(store.alerts).count).toBe(1_000);
    expect(bus.taken).toHaveLength(1);
  });

  test('opens nothing new after it was acknowledged, and stays acknowledged', async () => {
    const { ports, store, bus } = alertCenter();
    await raiseAlert(ports, capHit());
    await store.acknowledge(onlyAlert(store.alerts).alertId, 'someone', LATER);
    await raiseAlert(ports, capHit());
    expect(onlyAlert(store.alerts)).toMatchObject({ status: 'ACKNOWLEDGED', count: 2 });
    expect(bus.taken).toHaveLength(1);
  });

  test('costs one write in a process that knows it, two in one that does not', async () => {
    const { ports, store, anotherProcess } = alertCenter();
    await raiseAlert(ports, capHit());
    const create = jest.spyOn(store, 'create');
    const count = jest.spyOn(store, 'count');
    await raiseAlert(ports, capHit());
    expect([create.mock.calls.length, count.mock.calls.length]).toEqual([0, 1]);
    await raiseAlert(anotherProcess(), capHit());
    expect([create.mock.calls.length, count.mock.calls.length]).toEqual([1, 2]);
  });

  test('is stored anew where what this process knows of is gone', async () => {
    const { ports, store, bus } = alertCenter();
    await raiseAlert(ports, capHit());
    store.alerts.clear();
    await raiseAlert(ports, capHit());
    expect(onlyAlert(store.alerts).count).toBe(1);
    expect(bus.taken).toHaveLength(2);
  });

  test('is forgotten with ten thousand others, and still counted', async () => {
    const { ports, store, bus } = alertCenter();
    await raiseAlert(ports, capHit());
    for (let index = ports.known.size; index < 10_000; index += 1) ports.known.add(`al_${index}`);
    await ensureAlert(ports, capHit({ condition: 'another one' }));
    expect([...ports.known]).toEqual([alertIdOf(ports, capHit({ condition: 'another one' }))]);
    await raiseAlert(ports, capHit());
    expect((await store.read(alertIdOf(ports, capHit())))?.count).toBe(2);
    expect(bus.taken).toHaveLength(2);
  });
});

describe('a condition that is true or not', () => {
  test('is stored and sent once and not counted, whatever process sees it', async () => {
    const { ports, store, bus, anotherProcess } = alertCenter();
    const processes = [ports, anotherProcess(), anotherProcess()];
    await Promise.all(
      Array.from({ length: 90 }, (_, index) => ensureAlert(processes[index % 3]!, capHit())),
    );
    expect(onlyAlert(store.alerts).count).toBe(1);
    expect(bus.taken).toHaveLength(1);
  });

  test('costs nothing in a process that knows it', async () => {
    const { ports, store } = alertCenter();
    await ensureAlert(ports, capHit());
    const create = jest.spyOn(store, 'create');
    await ensureAlert(ports, capHit());
    expect(create).not.toHaveBeenCalled();
  });
});

describe('a fault', () => {
  test('of the bus leaves the alert in the outbox, and is told', async () => {
    const { ports, store, bus, faults } = alertCenter();
    bus.isDown = true;
    await raiseAlert(ports, capHit());
    const { alertId } = onlyAlert(store.alerts);
    expect(await store.unsent(10)).toEqual([alertId]);
    expect(faults).toEqual(['alerts could not be sent: the bus is down']);
    bus.isDown = false;
    await raiseAlert(ports, capHit());
    expect(onlyAlert(store.alerts).count).toBe(2);
    expect(await store.unsent(10)).toEqual([alertId]);
  });

  test.each(['create', 'count'] as const)(
    'of the store in %s changes no decision',
    async (part) => {
      const { ports, faults } = alertCenter();
      if (part === 'count') await raiseAlert(ports, capHit());
      await expect(raiseAlert(failing(ports, part), capHit())).resolves.toBeUndefined();
      expect(faults).toEqual([`an alert could not be stored: no ${part}`]);
    },
  );

  test('of the store is told of a condition that is true or not, too', async () => {
    const { ports, store, bus, faults } = alertCenter();
    await expect(ensureAlert(failing(ports, 'create'), capHit())).resolves.toBeUndefined();
    expect(faults).toEqual(['an alert could not be stored: no create']);
    await ensureAlert(ports, capHit());
    expect([store.alerts.size, bus.taken.length]).toEqual([1, 1]);
  });

  test('in marking one alert as sent does not keep the others unmarked', async () => {
    const { ports, store, faults } = alertCenter();
    const alerts: Alert[] = [];
    for (const condition of ['a', 'b', 'c']) {
      const alertId = alertIdOf(ports, capHit({ condition }));
      const times = { count: 1, occurredAt: NOON, lastOccurredAt: NOON };
      alerts.push({ ...capHit({ condition }), alertId, status: 'OPEN', ...times });
      await store.create(alerts.at(-1)!);
    }
    const [first] = alerts;
    const markSent = store.markSent.bind(store);
    jest
      .spyOn(store, 'markSent')
      .mockImplementation((alertId, at) =>
        alertId === first?.alertId ? Promise.reject(new Error('no mark')) : markSent(alertId, at),
      );
    expect(await sendAlerts(ports, alerts)).toBe(3);
    expect(await store.unsent(10)).toEqual([first?.alertId]);
    expect(faults).toEqual(['an alert that was sent could not be marked as sent: no mark']);
  });

  test('of the bus with a part of the alerts leaves that part in the outbox', async () => {
    const { ports, store, bus, faults } = alertCenter();
    bus.refused.add(alertIdOf(ports, capHit()));
    await raiseAlert(ports, capHit());
    await raiseAlert(ports, capHit({ condition: 'another one' }));
    expect(await store.unsent(10)).toEqual([alertIdOf(ports, capHit())]);
    expect(faults).toEqual(['alerts could not be sent: the bus refused 1 of them']);
  });
});
