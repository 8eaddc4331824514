import { randomUUID } from 'node:crypto';
import type { Alert, AlertStatus, AlertType } from '../../core/alerts/alert';
import type { AlertStore } from '../../core/alerts/ports';
import { createAlertStore } from '../../lambdas/adapters/dynamodb/alert-store';
import { capHit } from '../support/alert-center';
import { startTestEngine, type TestEngine } from '../support/dynamo-engine';
import { MemoryAlertStore } from '../support/memory-alerts';
import { Random } from '../support/random';

jest.setTimeout(120_000);

const NOON_MS = Date.parse('2026-11-30T12:00:00Z');
const LATER = '2026-11-30T13:00:00.000Z';

let engine: TestEngine;
let store: AlertStore;

beforeAll(async () => {
  engine = await startTestEngine();
  store = createAlertStore(engine.clients, engine.controlTable);
});
afterAll(() => engine.stop());

/** A tenant that no other test has. */
const newTenant = (): string => `t-${randomUUID()}`;

function alertAt(second: number, parts: Partial<Alert> = {}): Alert {
  const at = new Date(NOON_MS + second * 1_000).toISOString();
  const alertId = `al_${randomUUID()}`;
  const times = { occurredAt: at, lastOccurredAt: at };
  return { ...capHit(), alertId, status: 'OPEN', count: 1, ...times, ...parts };
}

/** Runs the work with so many at a time. */
async function workers<T>(
  count: number,
  tasks: readonly T[],
  work: (task: T) => Promise<unknown>,
): Promise<void> {
  const left = [...tasks];
  const worker = async (): Promise<void> => {
    for (let task = left.pop(); task !== undefined; task = left.pop()) await work(task);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

async function pagesOf(
  request: Omit<Parameters<AlertStore['list']>[0], 'after'>,
  of: AlertStore = store,
): Promise<(readonly Alert[])[]> {
  const pages: (readonly Alert[])[] = [];
  let after: string | undefined;
  do {
    const page = await of.list({ ...request, after });
    pages.push(page.items);
    after = page.next;
  } while (after !== undefined);
  return pages;
}

const idsOf = (alerts: readonly Alert[]): string[] => alerts.map(({ alertId }) => alertId);

describe('an alert', () => {
  test('comes back as it was stored, amounts and all', async () => {
    const figures = { limit: 2n ** 70n, spent: -1n, reserved: 0n };
    const alert = alertAt(0, { figures, requested: 123_456_789_012_345_678_901n });
    expect(await store.create(alert)).toBe(true);
    expect(await store.read(alert.alertId)).toEqual(alert);
  });

  test('may have no figures, run or step', async () => {
    const { figures, requested, pipeline, runId, stepId, ...drift } = alertAt(0);
    expect([figures, requested, pipeline, runId, stepId]).not.toContain(undefined);
    await store.create({ ...drift, stepId: undefined });
    expect(await store.read(drift.alertId)).toEqual(drift);
  });

  test('that is not there is neither read, counted nor acknowledged, and none is made', async () => {
    const alertId = `al_${randomUUID()}`;
    expect(await store.read(alertId)).toBeUndefined();
    expect(await store.count(alertId, capHit(), LATER)).toBeUndefined();
    expect(await store.acknowledge(alertId, 'someone', LATER)).toBeUndefined();
    await store.markSent(alertId, LATER);
    expect(await store.read(alertId)).toBeUndefined();
  });

  test('is created once, by one of 32 that try at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      const alert = alertAt(round);
      const tries = Array.from({ length: 32 }, (_, index) =>
        store.create({ ...alert, runId: `run-${index}` }),
      );
      const created = (await Promise.all(tries)).flatMap((isNew, index) => (isNew ? [index] : []));
      expect(created).toHaveLength(1);
      expect((await store.read(alert.alertId))?.runId).toBe(`run-${created[0]}`);
    }
  });
});

describe('repeats', () => {
  test('are counted exactly, by 32 at once', async () => {
    const alert = alertAt(0);
    await store.create(alert);
    const hits = Array.from({ length: 999 }, (_, index) => capHit({ runId: `run-${index}` }));
    await workers(32, hits, (hit) => store.count(alert.alertId, hit, LATER));
    expect(await store.read(alert.alertId)).toMatchObject({ count: 1_000, lastOccurredAt: LATER });
  });

  test('leave the particulars of the last time, and none of an earlier one', async () => {
    const alert = alertAt(0);
    await store.create(alert);
    await store.markSent(alert.alertId, '2026-11-30T12:00:01.000Z');
    await store.acknowledge(alert.alertId, 'someone', '2026-11-30T12:00:02.000Z');
    const { stepId: _step, figures: _figures, ...run } = capHit({ runId: 'run-2', requested: 7n });
    const counted = await store.count(alert.alertId, { ...run, summary: 'the last time' }, LATER);
    const { stepId: _firstStep, figures: _firstFigures, ...kept } = alert;
    expect(counted).toEqual({
      ...kept,
      status: 'ACKNOWLEDGED',
      runId: 'run-2',
      requested: 7n,
      summary: 'the last time',
      count: 2,
      lastOccurredAt: LATER,
      sentAt: '2026-11-30T12:00:01.000Z',
      acknowledgedBy: 'someone',
      acknowledgedAt: '2026-11-30T12:00:02.000Z',
    });
    expect(await store.read(alert.alertId)).toEqual(counted);
  });
});

describe('acknowledging', () => {
  test('names the first one to do it, whoever else does', async () => {
    const alert = alertAt(0);
    await store.create(alert);
    const first = await store.acknowledge(alert.alertId, 'first', '2026-11-30T12:00:10.000Z');
    const second = await store.acknowledge(alert.alertId, 'second', LATER);
    expect(first).toEqual({
      ...alert,
      status: 'ACKNOWLEDGED',
      acknowledgedBy: 'first',
      acknowledgedAt: '2026-11-30T12:00:10.000Z',
    });
    expect(second).toEqual(first);
  });

  test('names one of 32 that do it at once, and when that one did', async () => {
    const alert = alertAt(0);
    await store.create(alert);
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, index) =>
        store.acknowledge(alert.alertId, `by-${index}`, new Date(NOON_MS + index).toISOString()),
      ),
    );
    const [first, ...others] = answers;
    for (const other of others) expect(other).toEqual(first);
    const index = Number(first?.acknowledgedBy?.slice(3));
    expect(first?.acknowledgedAt).toBe(new Date(NOON_MS + index).toISOString());
  });
});

describe('the outbox', () => {
  test('has what was not sent, oldest first, and no more than was asked for', async () => {
    const before = await store.unsent(1_000);
    // Older than whatever other tests left there.
    const alerts = [-300, -400, -100, -200].map((second) => alertAt(second - 100_000));
    for (const alert of alerts) await store.create(alert);
    const [third = '', fourth = '', first = '', second = ''] = idsOf(alerts);
    const oldestFirst = [fourth, third, second, first];
    expect(await store.unsent(4)).toEqual(oldestFirst);
    expect(await store.unsent(2)).toEqual(oldestFirst.slice(0, 2));
    await store.markSent(fourth, LATER);
    await store.markSent(second, LATER);
    expect(await store.unsent(2)).toEqual([third, first]);
    await store.markSent(third, LATER);
    await store.markSent(first, LATER);
    expect(await store.unsent(1_000)).toEqual(before);
  });

  test('keeps when an alert was first sent, and does not take it back when it is counted', async () => {
    const alert = alertAt(-500_000);
    await store.create(alert);
    await store.markSent(alert.alertId, '2026-11-30T12:00:01.000Z');
    await store.markSent(alert.alertId, LATER);
    await store.count(alert.alertId, capHit(), LATER);
    expect((await store.read(alert.alertId))?.sentAt).toBe('2026-11-30T12:00:01.000Z');
    expect(await store.unsent(1_000)).not.toContain(alert.alertId);
  });
});

describe('a list', () => {
  test('is newest first, in pages that end, of one tenant', async () => {
    const tenant = newTenant();
    const alerts = Array.from({ length: 23 }, (_, second) => alertAt(second, { tenant }));
    const others = Array.from({ length: 5 }, (_, second) =>
      alertAt(second, { tenant: newTenant() }),
    );
    await workers(16, [...alerts, ...others], store.create);
    const newestFirst = idsOf(alerts).toReversed();
    for (const limit of [1, 7, 22, 23, 24, 50]) {
      const pages = await pagesOf({ tenant, limit });
      expect(pages.flatMap(idsOf)).toEqual(newestFirst);
      expect(pages).toHaveLength(Math.ceil(23 / limit));
    }
    expect(await store.list({ tenant: newTenant(), limit: 5 })).toEqual({ items: [] });
  });

  test('has every alert of one instant once', async () => {
    const tenant = newTenant();
    const alerts = Array.from({ length: 9 }, () => alertAt(0, { tenant }));
    await workers(9, alerts, store.create);
    const listed = (await pagesOf({ tenant, limit: 2 })).flatMap(idsOf);
    expect(listed).toEqual(idsOf(alerts).toSorted().toReversed());
  });

  test('stays where it is while alerts are counted, acknowledged and added', async () => {
    const tenant = newTenant();
    const alerts = Array.from({ length: 6 }, (_, second) => alertAt(second, { tenant }));
    await workers(6, alerts, store.create);
    const first = await store.list({ tenant, limit: 3 });
    await store.count(alerts[0]!.alertId, capHit({ tenant }), LATER);
    await store.acknowledge(alerts[1]!.alertId, 'someone', LATER);
    await store.create(alertAt(60, { tenant }));
    const second = await store.list({ tenant, limit: 3, after: first.next });
    expect([...first.items, ...second.items].map(({ alertId }) => alertId)).toEqual(
      idsOf(alerts).toReversed(),
    );
    expect(second.items.map(({ count, status }) => [count, status])).toEqual([
      [1, 'OPEN'],
      [1, 'ACKNOWLEDGED'],
      [2, 'OPEN'],
    ]);
  });

  test('of one type and state is as a list in memory, page by page', async () => {
    const random = new Random(11);
    const tenant = newTenant();
    const memory = new MemoryAlertStore();
    const types: readonly AlertType[] = [
      'BUDGET_HARD_CAP_HIT',
      'RPM_QUOTA_EXCEEDED',
      'LEDGER_DRIFT',
    ];
    for (let index = 0; index < 60; index += 1) {
      const alert = alertAt(random.below(30), { tenant, type: random.pick(types) });
      for (const each of [store, memory]) {
        await each.create(alert);
        if (index % 3 === 0) await each.acknowledge(alert.alertId, 'someone', LATER);
      }
    }
    const states: readonly (AlertStatus | undefined)[] = ['OPEN', 'ACKNOWLEDGED', undefined];
    for (const type of [...types, undefined]) {
      for (const status of states) {
        for (const limit of [4, 100]) {
          const request = { tenant, type, status, limit };
          expect(await pagesOf(request)).toEqual(await pagesOf(request, memory));
        }
      }
    }
  });

  test('does not look at all of a tenant’s alerts for a few: the next page goes on', async () => {
    const tenant = newTenant();
    const few = [-3, -2, -1].map((second) => alertAt(second, { tenant, type: 'LEDGER_DRIFT' }));
    const many = Array.from({ length: 1_100 }, (_, second) => alertAt(second, { tenant }));
    await workers(32, [...few, ...many], store.create);
    engine.takeCounts();
    const pages = await pagesOf({ tenant, type: 'LEDGER_DRIFT', limit: 50 });
    expect(pages.flatMap(idsOf)).toEqual(idsOf(few).toReversed());
    expect(pages.map(({ length }) => length)).toEqual([0, 3]);
    expect(engine.takeCounts()).toEqual({ Query: 6 });
  });
});
