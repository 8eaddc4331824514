import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readBudget } from '../../core/guard/read-budget';
import { recordUsage } from '../../core/guard/record-usage';
import type { Policy } from '../../core/policy/policy';
import { writePolicy } from '../../core/policy/write-policy';
import { sweepAccount } from '../../core/sweep/sweep-account';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  expectKind,
  guardPorts,
  setPolicy,
  terms,
  usd,
  type EnginePorts,
  type TermsParts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const month = '2026-11';
const NANO = '0.000000001';

let engine: TestEngine;
let clock: ManualClock;
let ports: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(() => {
  clock = new ManualClock('2026-11-10T12:00:00Z');
  ports = guardPorts(engine, clock);
  tenant = `policy-${(tenants += 1)}`;
});

const create = (runId: string, cost: string) =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd(cost) });
const check = (runId: string, stepId: string, cost: string) =>
  checkStep(ports, { tenant, runId, stepId, estimatedCost: usd(cost) });
const report = (runId: string, stepId: string, cost: string) =>
  recordUsage(ports, { tenant, runId, stepId, cost: usd(cost) });
const complete = (runId: string) => completeRun(ports, { tenant, runId, status: 'succeeded' });
const set = (parts: TermsParts) => setPolicy(ports, tenant, parts);
const audit = () => auditMonth(ports, tenant, month);

describe(`limits that change while work is in flight (${ENGINE})`, () => {
  test('a raised limit binds the next call, on every function instance', async () => {
    await set({ limit: '10' });
    const elsewhere = guardPorts(engine, clock);
    expectKind(await create('r1', '10'), 'created');
    const call = { tenant, runId: 'r2', pipeline: 'nightly', estimatedCost: usd('2.5') };
    const denied = expectKind(await createRun(elsewhere, call), 'denied');
    expect(denied.requested).toBe(usd('2.5'));
    expect(denied.budget).toMatchObject({ limit: usd('10'), reserved: usd('10'), remaining: 0n });

    await set({ limit: '12.5' });
    const granted = expectKind(await createRun(elsewhere, call), 'created');
    expect(granted.run.budget).toMatchObject({ limit: usd('12.5'), remaining: 0n });
    expectKind(await create('r3', NANO), 'denied');
  });

  test('a limit lowered below what is reserved lets running work end, and no more begin', async () => {
    await set({ limit: '10' });
    await create('r1', '6');
    await create('r2', '3');
    await check('r1', 's1', '4');

    await set({ limit: '5' });
    const budget = expectKind(await readBudget(ports, { tenant }), 'budget').budget;
    expect(budget).toMatchObject({ limit: usd('5'), reserved: usd('9'), remaining: usd('-4') });
    expectKind(await create('r3', NANO), 'denied');
    // The step fits into what its run has reserved; one that does not may not have more.
    expectKind(await check('r1', 's2', '2'), 'granted');
    expectKind(await check('r1', 's3', NANO), 'denied');
    await report('r1', 's1', '1.5');
    await report('r1', 's2', '0.5');
    expect(expectKind(await complete('r1'), 'completed').budget).toMatchObject({
      spent: usd('2'),
      reserved: usd('3'),
      remaining: 0n,
    });
    expectKind(await create('r3', NANO), 'denied');
    await complete('r2');
    expectKind(await create('r3', '3'), 'created');
    expectKind(await create('r4', NANO), 'denied');
    expect(await audit()).toMatchObject({ limit: usd('5'), available: 0n, spent: usd('2') });
  });

  test('a limit below what is spent shows what is missing, and a raise starts from there', async () => {
    await set({ limit: '10' });
    await create('r1', '8');
    await report('r1', 's1', '8');
    await complete('r1');
    await set({ limit: '0' });
    const denied = expectKind(await create('r2', NANO), 'denied');
    expect(denied.budget).toMatchObject({ limit: 0n, spent: usd('8'), remaining: usd('-8') });
    expectKind(await create('free', '0'), 'denied');
    await set({ limit: '8.000000001' });
    expectKind(await create('r2', NANO), 'created');
    expectKind(await create('r3', NANO), 'denied');
  });

  test('twenty changes racing sixty runs: the account adds up and the last limit holds', async () => {
    await set({ limit: '1' });
    const changes = async () => {
      for (let index = 1; index <= 20; index += 1) await set({ limit: `${(index % 7) + 1}` });
    };
    const runs = Array.from({ length: 60 }, (_, index) => create(`r${index}`, '0.15'));
    const [outcomes] = await Promise.all([Promise.all(runs), changes()]);
    const opened = outcomes.filter(({ kind }) => kind === 'created').length;
    // Six fit into the least of the limits, 46 into the largest.
    expect(opened).toBeGreaterThanOrEqual(6);
    expect(opened).toBeLessThanOrEqual(46);
    expect(await audit()).toMatchObject({ limit: usd('7'), held: usd('0.15') * BigInt(opened) });
    await set({ limit: '7.5' });
    expect((await audit()).limit).toBe(usd('7.5'));
  });

  test('of two who change what they have both seen, one is told that it is stale', async () => {
    await set({ limit: '10' });
    const limits = ['11', '12', '13', '14'];
    const written = await Promise.all(
      limits.map((limit) =>
        writePolicy(
          { ...ports, store: ports.policyStore },
          { tenant, terms: terms({ limit }), seen: 1, actor: limit },
        ),
      ),
    );
    const winners = written.filter(({ kind }) => kind === 'replaced');
    expect(winners).toHaveLength(1);
    expect(written.filter(({ kind }) => kind === 'stale')).toHaveLength(3);
    const policy = (await ports.policyStore.read(tenant)) as Policy;
    expect(policy.version).toBe(2);
    expect((await audit()).limit).toBe(policy.budget.limitNanoUsd);
  });
});

describe(`a policy whose writer died before the account heard of it (${ENGINE})`, () => {
  /** The first of the two things that a change of policy does. */
  async function storeAlone(parts: TermsParts, version: number): Promise<void> {
    const stamp = { updatedAt: new Date(clock.nowMs()).toISOString(), updatedBy: 'test' };
    const policy = { ...terms(parts), tenant, version, ...stamp };
    const { policyStore } = ports;
    const isStored =
      version === 1
        ? await policyStore.create(policy)
        : await policyStore.replace(policy, version - 1);
    expect(isStored).toBe(true);
  }

  test('sweepers bring the account in line, once', async () => {
    await set({ limit: '10' });
    await create('r1', '4');
    await storeAlone({ limit: '5' }, 2);
    expect((await audit()).limit).toBe(usd('10'));
    const sweepers = Array.from({ length: 8 }, () => sweepAccount(ports, { tenant, month }));
    await Promise.all(sweepers);
    expect(await audit()).toMatchObject({ limit: usd('5'), available: usd('1'), held: usd('4') });
    expectKind(await create('r2', '1.000000001'), 'denied');
    expectKind(await create('r3', '1'), 'created');
    await sweepAccount(ports, { tenant, month });
    expect(await audit()).toMatchObject({ limit: usd('5'), available: 0n });
  });

  test('so does the next change, and a first policy opens its month with the first run', async () => {
    await storeAlone({ limit: '5' }, 1);
    expectKind(await create('r1', '5'), 'created');
    await storeAlone({ limit: '6' }, 2);
    await set({ limit: '7' });
    expect(await audit()).toMatchObject({ limit: usd('7'), available: usd('2') });
  });

  test('a month gone by keeps the limit that it ended with', async () => {
    await set({ limit: '10' });
    await create('r1', '4');
    clock.moveTo('2026-12-01T00:00:00Z');
    await storeAlone({ limit: '20' }, 2);
    await sweepAccount(ports, { tenant, month });
    expect((await audit()).limit).toBe(usd('10'));
    const december = expectKind(await create('r2', '4'), 'created').run.budget;
    expect(december).toMatchObject({ month: '2026-12', limit: usd('20') });
  });
});

describe(`soft caps (${ENGINE})`, () => {
  test('warn beyond the limit, louder beyond the grace, and never refuse', async () => {
    await set({ mode: 'soft-cap', limit: '10', gracePercent: 20 });
    const decide = async (runId: string, cost: string) => {
      const { run } = expectKind(await create(runId, cost), 'created');
      return [run.decision, ...run.warnings.map(({ code }) => code)];
    };
    expect(await decide('r1', '10')).toEqual(['allow']);
    expect(await decide('r2', NANO)).toEqual(['warn', 'BUDGET_SOFT_CAP_EXCEEDED']);
    expect(await decide('r3', '1.999999999')).toEqual(['warn', 'BUDGET_SOFT_CAP_EXCEEDED']);
    expect(await decide('r4', NANO)).toEqual(['warn', 'BUDGET_GRACE_EXCEEDED']);
    expect(await audit()).toMatchObject({ limit: usd('10'), available: usd('-2.000000001') });

    // What was answered is answered again, wherever the spend has moved since.
    const first = expectKind(await create('r1', '10'), 'repeated').run;
    expect(first).toMatchObject({ decision: 'allow', warnings: [] });
    await complete('r1');
    const last = expectKind(await create('r4', NANO), 'repeated').run;
    expect(last.warnings.map(({ code }) => code)).toEqual(['BUDGET_GRACE_EXCEEDED']);
    expect(last.budget.remaining).toBe(usd('7.999999999'));
    expect(await decide('r5', '1')).toEqual(['allow']);
  });

  test('a step that takes its run over the limit warns; one inside the reservation does not', async () => {
    await set({ mode: 'soft-cap', limit: '10' });
    await create('r1', '9');
    expect(expectKind(await check('r1', 's1', '9'), 'granted').step.decision).toBe('allow');
    const over = expectKind(await check('r1', 's2', '2'), 'granted').step;
    expect(over).toMatchObject({ decision: 'warn', reserved: usd('2') });
    expect(over.warnings.map(({ code }) => code)).toEqual(['BUDGET_SOFT_CAP_EXCEEDED']);
    expect(over.budget).toMatchObject({ reserved: usd('11'), remaining: usd('-1') });
  });

  test('with onGraceExceeded deny, the grace is the hard limit, to the nano', async () => {
    await set({ mode: 'soft-cap', limit: '10', gracePercent: 20, onGraceExceeded: 'deny' });
    expectKind(await create('r1', '9'), 'created');
    expectKind(await create('r2', '3.000000001'), 'denied');
    expect(expectKind(await create('r2', '3'), 'created').run.decision).toBe('warn');
    const denied = expectKind(await create('r3', NANO), 'denied');
    expect(denied.budget).toMatchObject({
      mode: 'soft-cap',
      limit: usd('10'),
      reserved: usd('12'),
      remaining: usd('-2'),
    });
    expect(denied.requested).toBeGreaterThan(denied.budget.remaining);
    expect((await audit()).available).toBe(0n);
  });

  test('a soft cap made hard refuses at once, and made soft again allows at once', async () => {
    await set({ mode: 'soft-cap', limit: '10' });
    await create('r1', '15');
    await set({ mode: 'hard-cap', limit: '10' });
    expectKind(await create('r2', NANO), 'denied');
    await set({ mode: 'soft-cap', limit: '10' });
    expect(expectKind(await create('r2', NANO), 'created').run.decision).toBe('warn');
    await set({ mode: 'hard-cap', limit: '16' });
    expect(expectKind(await create('r3', '0.5'), 'created').run.decision).toBe('allow');
  });
});

describe(`tenants without a policy (${ENGINE})`, () => {
  test('are refused, and nothing is opened for them', async () => {
    expectKind(await create('r1', '1'), 'policy-not-found');
    expectKind(await readBudget(ports, { tenant }), 'policy-not-found');
    expectKind(await check('r1', 's1', '1'), 'not-found');
    expect(await ports.ledger.store.read({ level: 'tenant-month', tenant, month })).toBeUndefined();
    const months = await ports.directory.list();
    expect(months.filter((each) => each.tenant === tenant)).toEqual([]);
  });

  test("live by the deployment's default until they have their own", async () => {
    ports = guardPorts(engine, clock, terms({ limit: '3' }));
    const before = expectKind(await readBudget(ports, { tenant }), 'budget').budget;
    expect(before).toMatchObject({ limit: usd('3'), spent: 0n, reserved: 0n });
    expectKind(await create('r1', '2'), 'created');
    expectKind(await create('r2', '1.5'), 'denied');
    await set({ limit: '4' });
    expectKind(await create('r2', '1.5'), 'created');
    expect(await audit()).toMatchObject({ limit: usd('4'), available: usd('0.5') });
  });

  test('a dry run says what would be, and leaves nothing behind', async () => {
    ports = guardPorts(engine, clock, terms({ limit: '3' }));
    const rehearse = (cost: string) =>
      createRun(ports, { tenant, pipeline: 'p', estimatedCost: usd(cost), dryRun: true });
    expect(expectKind(await rehearse('3'), 'dry-run').run).toMatchObject({ reserved: 0n });
    expectKind(await rehearse('3.000000001'), 'denied');
    expect(await ports.ledger.store.read({ level: 'tenant-month', tenant, month })).toBeUndefined();
  });
});
