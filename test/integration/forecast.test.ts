import { GetCommand } from '@aws-sdk/lib-dynamodb';
import type { RecordedSpend, SpendPoint } from '../../core/forecast/spend-history';
import { MAX_POINTS } from '../../core/forecast/spend-points';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readBudget, type BudgetStatus } from '../../core/guard/read-budget';
import { recordUsage } from '../../core/guard/record-usage';
import { sweepAccount } from '../../core/sweep/sweep-account';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const MONTH = '2026-11';

let engine: TestEngine;
let clock: ManualClock;
let ports: EnginePorts;
let tenant: string;
let tenants = 0;
let runs = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(() => {
  clock = new ManualClock('2026-11-10T09:00:30Z');
  ports = guardPorts(engine, clock);
  tenant = `burn-${(tenants += 1)}`;
});

/** A run that is opened, does one step without a check, and is completed, all in a moment. */
async function spend(cost: string): Promise<void> {
  const runId = `r${(runs += 1)}`;
  expectKind(
    await createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd(cost) }),
    'created',
  );
  expectKind(await recordUsage(ports, { tenant, runId, stepId: 's', cost: usd(cost) }), 'recorded');
  expectKind(await completeRun(ports, { tenant, runId, status: 'succeeded' }), 'completed');
}

const sweep = (month = MONTH) => sweepAccount(ports, { tenant, month });

async function budget(month?: string): Promise<BudgetStatus> {
  return expectKind(await readBudget(ports, { tenant, month }), 'budget').budget;
}

const recorded = () => ports.history.read(tenant, MONTH);

function pointsOf(count: number, amount: bigint): SpendPoint[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: clock.nowMs() + index * 600_000,
    spent: amount + BigInt(index),
    committed: amount + BigInt(2 * index),
  }));
}

describe(`the history of a month's spend on ${ENGINE}`, () => {
  test('gives back what was recorded, exactly, up to the largest amounts', async () => {
    expect(await recorded()).toBeUndefined();
    const points = pointsOf(MAX_POINTS, 10n ** 21n - 1_000n);
    expect(await ports.history.record(tenant, MONTH, points, undefined)).toBe(true);
    expect(await recorded()).toEqual({ points, version: 1 });
  });

  test('takes one of many writers that have seen the same', async () => {
    const all = <T>(act: (index: number) => Promise<T>) =>
      Promise.all(Array.from({ length: 16 }, (_, index) => act(index)));
    let seen: RecordedSpend | undefined;
    for (const version of [1, 2]) {
      const before = seen;
      const taken = await all((index) =>
        ports.history.record(tenant, MONTH, pointsOf(version, BigInt(index)), before),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      seen = await recorded();
      expect(seen?.version).toBe(version);
      expect(seen?.points).toEqual(pointsOf(version, BigInt(taken.indexOf(true))));
    }
  });

  test('stands in one small item beside the policies', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    await sweep();
    const Key = { pk: `H#${tenant}`, sk: MONTH };
    const { Item } = await engine.clients.retrying.send(
      new GetCommand({ TableName: engine.controlTable, Key }),
    );
    expect(Item).toEqual({ ...Key, version: 1n, points: [[BigInt(clock.nowMs()), 0n, 0n]] });
  });
});

describe(`sweeps on ${ENGINE}`, () => {
  beforeEach(() => setPolicy(ports, tenant, { limit: '100' }));

  test('at the same time make one point', async () => {
    await Promise.all(Array.from({ length: 8 }, () => sweep()));
    expect(await recorded()).toMatchObject({ version: 1 });
  });

  test('write nothing while no point is due', async () => {
    await sweep();
    clock.advanceMinutes(1);
    await spend('1');
    // Thresholds that were told of are remembered from here on.
    await sweep();
    engine.takeCounts();
    clock.advanceMinutes(1);
    await sweep();
    expect(Object.keys(engine.takeCounts()).filter((name) => !name.startsWith('Get'))).toEqual([]);
    clock.advanceMinutes(10);
    await sweep();
    expect((await recorded())?.points.map(({ spent }) => spent)).toEqual([0n, usd('1')]);
  });

  test('keep what is held beside what is spent', async () => {
    await createRun(ports, { tenant, runId: 'held', pipeline: 'p', estimatedCost: usd('3') });
    await sweep();
    expect((await recorded())?.points).toMatchObject([{ spent: 0n, committed: usd('3') }]);
  });
});

describe(`the budget status on ${ENGINE}`, () => {
  test('tells what was spent in the last hour and where that leads', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    expect(await budget()).toMatchObject({
      burnRate: { lastHour: 0n, lastDay: 0n },
      forecast: { projected: 0n, basis: 'none', exceedsLimit: false, limitReachedMs: undefined },
    });
    await sweep();
    clock.advanceMinutes(2);
    await spend('1.50');
    // Before any sweep has seen it: the account itself is the latest point.
    expect(await budget()).toMatchObject({
      burnRate: { lastHour: usd('1.5'), lastDay: usd('1.5') },
      forecast: { basis: 'elapsed', exceedsLimit: true },
    });
    clock.advanceMinutes(10);
    await sweep();
    clock.advanceMinutes(70);
    await sweep();
    expect(await budget()).toMatchObject({ burnRate: { lastHour: 0n, lastDay: usd('1.5') } });
  });

  test('goes on over the turn of the month', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    clock.moveTo('2026-11-30T23:40:30Z');
    await sweep();
    await spend('2');
    clock.moveTo('2026-11-30T23:58:30Z');
    await sweep();
    await createRun(ports, { tenant, runId: 'over', pipeline: 'p', estimatedCost: usd('5') });
    await recordUsage(ports, { tenant, runId: 'over', stepId: 's', cost: usd('4') });
    clock.moveTo('2026-12-01T00:05:30Z');
    await completeRun(ports, { tenant, runId: 'over', status: 'succeeded' });
    await spend('0.25');
    await sweep();
    await sweep('2026-12');
    const { burnRate, spent, forecast } = await budget();
    expect([spent, burnRate.lastHour, burnRate.lastDay]).toEqual([
      usd('0.25'),
      usd('6.25'),
      usd('6.25'),
    ]);
    expect(forecast.basis).toBe('elapsed');
    const november = await budget(MONTH);
    expect(november.spent).toBe(usd('6'));
    expect(november.forecast).toEqual({
      projected: usd('6'),
      limitReachedMs: undefined,
      exceedsLimit: false,
      basis: 'none',
    });
  });

  test('costs two reads more, and the policy for its quotas, and no write', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    await ports.policies.recent(tenant);
    engine.takeCounts();
    await budget();
    expect(engine.takeCounts()).toEqual({ GetItem: 4 });
  });
});

describe(`the forecast's alert on ${ENGINE}`, () => {
  const told = () => ports.bus.taken.filter(({ type }) => type === 'BUDGET_FORECAST_EXCEEDED');

  /** A dollar and a sweep at every full hour. */
  async function hours(count: number): Promise<void> {
    for (let hour = 0; hour < count; hour += 1) {
      await spend('1');
      await sweep();
      clock.advanceMinutes(60);
    }
  }

  test('comes once for a month and limit, and not before a day is known', async () => {
    await setPolicy(ports, tenant, { limit: '400', alertThresholds: [] });
    await sweep();
    await hours(24);
    expect(told()).toEqual([]);
    await hours(4);
    expect(told()).toMatchObject([
      { severity: 'info', tenant, month: MONTH, count: 1, figures: { limit: usd('400') } },
    ]);
    expect(told()[0]?.summary).toMatch(
      new RegExp(
        `^${tenant} will reach its limit on 2026-11-2\\d and is heading for \\d+\\.\\d+ USD`,
      ),
    );
    await setPolicy(ports, tenant, { limit: '450', alertThresholds: [] });
    await hours(2);
    expect(told()).toHaveLength(2);
    await setPolicy(ports, tenant, { limit: '600', alertThresholds: [] });
    await hours(2);
    expect(told()).toHaveLength(2);
  });
});
