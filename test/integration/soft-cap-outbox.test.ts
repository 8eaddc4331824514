import { sendUnsent } from '../../core/alerts/send-unsent';
import { createRun } from '../../core/guard/create-run';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import { Crash, guardPorts, setPolicy, usd, type EnginePorts } from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

let engine: TestEngine;
let clock: ManualClock;
let sweeper: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(async () => {
  clock = new ManualClock('2026-11-10T12:00:00Z');
  sweeper = guardPorts(engine, clock);
  tenant = `outbox-${(tenants += 1)}`;
  await setPolicy(sweeper, tenant, { limit: '1', alertThresholds: [] });
});

const refused = (ports: EnginePorts) =>
  createRun(ports, { tenant, runId: 'r', pipeline: 'nightly', estimatedCost: usd('2') });
const pages = (ports: EnginePorts) => ports.bus.taken.filter((alert) => alert.tenant === tenant);

/** A process that is gone when it is about to send: nothing that it would have done next happens. */
function dyingAtTheBus(): EnginePorts {
  const ports = guardPorts(engine, clock);
  const bus = { send: () => Promise.reject(new Crash('before the bus')) };
  const onFault = (_what: string, fault: unknown) => {
    throw fault;
  };
  return { ...ports, alerts: { ...ports.alerts, bus, onFault } };
}

describe(`an alert that was stored and not sent (${ENGINE})`, () => {
  test('is sent by the sweeper, once, when its process was killed', async () => {
    await expect(refused(dyingAtTheBus())).rejects.toThrow(Crash);
    // Others who are refused find it stored: they count, and page nobody.
    const other = guardPorts(engine, clock);
    await refused(other);
    expect(pages(other)).toEqual([]);

    expect(await sendUnsent(sweeper.alerts, 100)).toBe(0);
    clock.advanceMinutes(1);
    expect(await sendUnsent(sweeper.alerts, 100)).toBe(1);
    expect(await sendUnsent(sweeper.alerts, 100)).toBe(0);
    expect(pages(sweeper)).toMatchObject([{ type: 'BUDGET_HARD_CAP_HIT', count: 2, runId: 'r' }]);
    const { items } = await sweeper.alerts.store.list({ tenant, limit: 10 });
    expect(items).toMatchObject([{ count: 2, sentAt: '2026-11-10T12:01:00.000Z' }]);
  });

  test('waits as long as the bus is down, and the decision stands', async () => {
    const ports = guardPorts(engine, clock);
    ports.bus.isDown = true;
    const faults: string[] = [];
    const alerts = { ...ports.alerts, onFault: (what: string) => void faults.push(what) };
    expect((await refused({ ...ports, alerts })).kind).toBe('denied');
    clock.advanceMinutes(1);
    expect(await sendUnsent(alerts, 100)).toBe(0);
    expect(faults).toHaveLength(2);
    ports.bus.isDown = false;
    expect(await sendUnsent(alerts, 100)).toBe(1);
    expect(pages(ports)).toHaveLength(1);
    expect(await sendUnsent(alerts, 100)).toBe(0);
  });
});
