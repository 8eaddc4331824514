import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readRun } from '../../core/guard/read-run';
import { recordUsage } from '../../core/guard/record-usage';
import { sweepAccount } from '../../core/sweep/sweep-account';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  Crash,
  dyingAfter,
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const month = '2026-11';
const runId = 'r1';

let engine: TestEngine;
let clock: ManualClock;
let ports: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(async () => {
  clock = new ManualClock('2026-11-10T12:00:00Z');
  ports = guardPorts(engine, clock);
  tenant = `sweep-${(tenants += 1)}`;
  await setPolicy(ports, tenant, { limit: '10' });
});

const create = (parts: object = {}) =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd('2'), ...parts });
const check = (stepId: string, cost = '0.5') =>
  checkStep(ports, { tenant, runId, stepId, estimatedCost: usd(cost) });
const report = (stepId: string, cost: string) =>
  recordUsage(ports, { tenant, runId, stepId, cost: usd(cost) });
const complete = (status: 'succeeded' | 'failed' = 'succeeded') =>
  completeRun(ports, { tenant, runId, status });
const sweep = (of = month) => sweepAccount(ports, { tenant, month: of });
const audit = () => auditMonth(ports, tenant, month);
const listed = async () =>
  (await ports.directory.list()).filter((each) => each.tenant === tenant).map((each) => each.month);

describe(`the sweeper (${ENGINE})`, () => {
  test('a run past its deadline is closed as expired and its reservation returned', async () => {
    const deadline = new Date('2026-11-10T13:00:00Z');
    await create({ deadline });
    await check('s1');
    await report('s1', '0.3');
    await check('unreported');

    clock.moveTo('2026-11-10T13:00:00Z');
    expect(await sweep()).toEqual({ resolved: 0, waiting: 1 });
    expect(await audit()).toMatchObject({ spent: 0n, held: usd('2') });

    clock.advanceMinutes(1 / 60);
    clock.advanceMinutes(15);
    expect(await sweep()).toEqual({ resolved: 1, waiting: 0 });
    expect(await audit()).toMatchObject({ spent: usd('0.3'), held: 0n, usage: usd('0.3') });

    const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
    expect(read).toMatchObject({
      status: 'CLOSED',
      spent: usd('0.3'),
      reserved: 0n,
      openSteps: [],
    });
    expect(read.facts).toMatchObject({
      outcome: 'expired',
      completedAt: new Date(clock.nowMs()).toISOString(),
    });
    expect(await complete()).toEqual({ kind: 'closed-otherwise', outcome: 'expired' });
    expectKind(await check('s2'), 'run-closed');
    expect(expectKind(await create({ deadline }), 'repeated').run.status).toBe('CLOSED');

    const late = expectKind(await report('unreported', '0.4'), 'recorded');
    expect(late.usage).toMatchObject({ late: true, cost: usd('0.4') });
    expectKind(await report('unreported', '0.4'), 'repeated');
    expect(await audit()).toMatchObject({ spent: usd('0.7'), held: 0n, usage: usd('0.7') });
  });

  test('without a deadline a run has a day', async () => {
    await create();
    clock.advanceMinutes(24 * 60);
    await sweep();
    expect(await audit()).toMatchObject({ held: usd('2') });
    clock.advanceMinutes(1);
    await sweep();
    expect(await audit()).toMatchObject({ held: 0n, spent: 0n });
  });

  test('a step that was checked a short while ago may still report, past the deadline', async () => {
    await create({ deadline: new Date('2026-11-10T13:00:00Z') });
    clock.moveTo('2026-11-10T12:59:00Z');
    await check('running');
    clock.moveTo('2026-11-10T13:13:00Z');
    expect(await sweep()).toEqual({ resolved: 0, waiting: 1 });
    const reported = expectKind(await report('running', '0.2'), 'recorded');
    expect(reported.usage.late).toBeUndefined();
    expect(await sweep()).toEqual({ resolved: 1, waiting: 0 });
    expect(await audit()).toMatchObject({ held: 0n, spent: usd('0.2'), usage: usd('0.2') });
  });

  test('money held for a run that was never opened comes back after a minute', async () => {
    await expect(
      createRun(dyingAfter(ports, 1), {
        tenant,
        runId: 'orphan',
        pipeline: 'nightly',
        estimatedCost: usd('9'),
      }),
    ).rejects.toThrow(Crash);
    expect((await audit()).held).toBe(usd('9'));
    expectKind(await create(), 'denied');
    clock.advanceMinutes(0.9);
    expect(await sweep()).toEqual({ resolved: 0, waiting: 1 });
    clock.advanceMinutes(0.1);
    expect(await sweep()).toEqual({ resolved: 1, waiting: 0 });
    expect((await audit()).held).toBe(0n);
    expectKind(await create(), 'created');
    expectKind(await create({ runId: 'orphan' }), 'created');
  });

  test('a run within its deadline keeps its money; a booked step is settled', async () => {
    await create();
    await check('s1');
    await check('s2');
    await expect(
      recordUsage(dyingAfter(ports, 1), { tenant, runId, stepId: 's1', cost: usd('0.1') }),
    ).rejects.toThrow(Crash);
    clock.advanceMinutes(12 * 60);
    expect(await sweep()).toEqual({ resolved: 0, waiting: 1 });
    const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
    expect(read.openSteps.map(({ stepId }) => stepId)).toEqual(['s2']);
    expect(read).toMatchObject({ status: 'OPEN', spent: usd('0.1') });
    // 2.00 less the 0.50 of s2 and the 0.10 that s1 cost: the rest is the run's again.
    expectKind(await check('s3', '1.4'), 'granted');
    expect((await audit()).held).toBe(usd('2'));
    await complete();
    expect(await audit()).toMatchObject({ held: 0n, spent: usd('0.1') });
  });

  test('any number of sweepers, racing each other and the callers, do it once', async () => {
    const runs = Array.from({ length: 12 }, (_, index) => `run-${index}`);
    for (const each of runs) {
      await create({
        runId: each,
        estimatedCost: usd('0.5'),
        deadline: new Date('2026-11-10T12:30:00Z'),
      });
      await checkStep(ports, { tenant, runId: each, stepId: 's1', estimatedCost: usd('0.2') });
    }
    clock.moveTo('2026-11-10T12:40:00Z');
    const reports = runs.map((each) =>
      recordUsage(ports, { tenant, runId: each, stepId: 's1', cost: usd('0.15') }),
    );
    clock.moveTo('2026-11-10T13:00:00Z');
    const completions = runs.map((each) =>
      completeRun(ports, { tenant, runId: each, status: 'succeeded' }),
    );
    const sweepers = Array.from({ length: 6 }, () => sweep());
    const reported = await Promise.all(reports);
    await Promise.all([...completions, ...sweepers]);
    expect(reported.map(({ kind }) => kind)).toEqual(runs.map(() => 'recorded'));
    clock.advanceMinutes(20);
    await sweep();
    expect(await audit()).toMatchObject({
      held: 0n,
      spent: usd('1.8'),
      usage: usd('1.8'),
      records: 12,
    });
  });

  test('a month gone by is forgotten once nothing is held in it, and remembered for late usage', async () => {
    clock.moveTo('2026-11-30T23:00:00Z');
    await create({ deadline: new Date('2026-12-01T06:00:00Z') });
    await check('s1');
    clock.moveTo('2026-12-01T05:00:00Z');
    await create({ runId: 'december' });
    await sweep();
    expect((await listed()).toSorted()).toEqual(['2026-11', '2026-12']);

    clock.moveTo('2026-12-01T06:15:00Z');
    expect(await sweep()).toEqual({ resolved: 1, waiting: 0 });
    await sweep('2026-12');
    expect(await listed()).toEqual(['2026-12']);

    await expect(
      recordUsage(dyingAfter(ports, 1), { tenant, runId, stepId: 's1', cost: usd('0.1') }),
    ).rejects.toThrow(Crash);
    expect((await listed()).toSorted()).toEqual(['2026-11', '2026-12']);
    expect((await audit()).held).toBe(usd('0.1'));
    clock.advanceMinutes(1);
    expect(await sweep()).toEqual({ resolved: 1, waiting: 0 });
    expect(await listed()).toEqual(['2026-12']);
    expectKind(await report('s1', '0.1'), 'recorded');
    expect(await audit()).toMatchObject({ held: 0n, spent: usd('0.1'), usage: usd('0.1') });
  });

  test('a run with accounts in two months expires in both', async () => {
    clock.moveTo('2026-11-30T23:00:00Z');
    await create();
    clock.moveTo('2026-12-01T12:00:00Z');
    await check('s1', '1');
    clock.moveTo('2026-12-01T23:00:01Z');
    await sweep();
    expect((await audit()).held).toBe(0n);
    await sweep('2026-12');
    expect((await auditMonth(ports, tenant, '2026-12')).held).toBe(0n);
    expect(await complete()).toEqual({ kind: 'closed-otherwise', outcome: 'expired' });
  });

  test('a month without an account is nothing to do', async () => {
    expect(await sweepAccount(ports, { tenant: 'nobody', month })).toEqual({
      resolved: 0,
      waiting: 0,
    });
  });
});
