import { alertIdOf, raiseAlert } from '../../../core/alerts/raise-alert';
import { sendUnsent } from '../../../core/alerts/send-unsent';
import { createSendAlertsHandler } from '../../../lambdas/send-alerts/handler';
import { createLogger } from '../../../lambdas/observability/logger';
import { alertCenter, capHit, type AlertCenter } from '../../support/alert-center';

/** Alerts that a process stored, ten milliseconds apart, and did not live to send. */
async function leftBehind(center: AlertCenter, count: number): Promise<string[]> {
  const ids: string[] = [];
  center.bus.isDown = true;
  for (let index = 0; index < count; index += 1) {
    const hit = capHit({ condition: `limit ${index}` });
    await raiseAlert(center.ports, hit);
    ids.push(alertIdOf(center.ports, hit));
    center.clock.advanceMinutes(10 / 60_000);
  }
  center.bus.isDown = false;
  center.faults.length = 0;
  return ids;
}

test('what a crash left in the outbox is sent once', async () => {
  const center = alertCenter();
  const ids = await leftBehind(center, 3);
  center.clock.advanceMinutes(1);
  expect(await sendUnsent(center.anotherProcess(), 200)).toBe(3);
  expect(await sendUnsent(center.anotherProcess(), 200)).toBe(0);
  expect(center.bus.taken.map(({ alertId }) => alertId)).toEqual(ids);
  expect(center.faults).toEqual([]);
});

test('it goes out as it is by then: with all that was counted since', async () => {
  const center = alertCenter();
  await leftBehind(center, 1);
  await raiseAlert(center.ports, capHit({ condition: 'limit 0', stepId: 's-last' }));
  center.clock.advanceMinutes(1);
  await sendUnsent(center.anotherProcess(), 200);
  expect(center.bus.taken).toMatchObject([{ count: 2, stepId: 's-last' }]);
});

test('what was stored just now is left to whoever stored it', async () => {
  const center = alertCenter();
  await leftBehind(center, 1);
  expect(await sendUnsent(center.anotherProcess(), 200)).toBe(0);
  center.clock.advanceMinutes(9.9 / 60);
  expect(await sendUnsent(center.anotherProcess(), 200)).toBe(0);
  center.clock.advanceMinutes(0.1 / 60);
  expect(await sendUnsent(center.anotherProcess(), 200)).toBe(1);
});

test('no more than were asked for go out, the oldest first, ten at a time', async () => {
  const center = alertCenter();
  const ids = await leftBehind(center, 25);
  center.clock.advanceMinutes(1);
  const send = jest.spyOn(center.bus, 'send');
  expect(await sendUnsent(center.ports, 23)).toBe(23);
  expect(send.mock.calls.map(([alerts]) => alerts.length)).toEqual([10, 10, 3]);
  expect(center.bus.taken.map(({ alertId }) => alertId)).toEqual(ids.slice(0, 23));
  expect(await sendUnsent(center.ports, 23)).toBe(2);
});

test('what a bus takes in part is left in part', async () => {
  const center = alertCenter();
  const [first = '', second = '', third = ''] = await leftBehind(center, 3);
  center.clock.advanceMinutes(1);
  center.bus.refused.add(second);
  expect(await sendUnsent(center.ports, 200)).toBe(2);
  expect(await center.store.unsent(10)).toEqual([second]);
  center.bus.refused.clear();
  expect(await sendUnsent(center.ports, 200)).toBe(1);
  expect(center.bus.taken.map(({ alertId }) => alertId)).toEqual([first, third, second]);
});

test('a bus that is still down costs nothing but a word', async () => {
  const center = alertCenter();
  const ids = await leftBehind(center, 12);
  center.clock.advanceMinutes(1);
  center.bus.isDown = true;
  expect(await sendUnsent(center.ports, 200)).toBe(0);
  const told = 'alerts could not be sent: the bus is down';
  expect(center.faults).toEqual([told, told]);
  expect(await center.store.unsent(20)).toEqual(ids);
});

test('an alert that an index that lags still lists as unsent is not sent again', async () => {
  const center = alertCenter();
  const [alertId = ''] = await leftBehind(center, 1);
  center.clock.advanceMinutes(1);
  const stale = await center.store.unsent(10);
  await center.store.markSent(alertId, '2026-11-30T12:01:00.000Z');
  jest.spyOn(center.store, 'unsent').mockResolvedValue([...stale, 'al_gone']);
  expect(await sendUnsent(center.ports, 200)).toBe(0);
  expect(center.bus.taken).toEqual([]);
});

describe('the function', () => {
  function handlerOf(center: AlertCenter) {
    const lines: Record<string, unknown>[] = [];
    const logger = createLogger({
      service: 'send-alerts',
      stage: 'test',
      level: 'INFO',
      now: () => new Date(center.clock.nowMs()),
      write: (line) => void lines.push(JSON.parse(line)),
    });
    return { handler: createSendAlertsHandler({ ports: center.ports, logger }), lines };
  }

  test('says how many it sent, and nothing where there was nothing to send', async () => {
    const center = alertCenter();
    await leftBehind(center, 2);
    center.clock.advanceMinutes(1);
    const { handler, lines } = handlerOf(center);
    expect(await handler()).toEqual({ sent: 2 });
    expect(await handler()).toEqual({ sent: 0 });
    expect(lines).toMatchObject([{ message: 'alerts sent from the outbox', sent: 2 }]);
  });

  test('fails where the outbox cannot be read, so that its alarm rings', async () => {
    const center = alertCenter();
    jest.spyOn(center.store, 'unsent').mockRejectedValue(new Error('no table'));
    await expect(handlerOf(center).handler()).rejects.toThrow('no table');
  });
});
