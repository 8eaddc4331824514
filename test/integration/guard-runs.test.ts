import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readRun } from '../../core/guard/read-run';
import { recordUsage, type RecordUsage } from '../../core/guard/record-usage';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const month = '2026-11';

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
  tenant = `runs-${(tenants += 1)}`;
  await setPolicy(ports, tenant, { limit: '10' });
});

const create = (parts: object = {}) =>
  createRun(ports, {
    tenant,
    runId: 'r1',
    pipeline: 'nightly',
    estimatedCost: usd('2'),
    ...parts,
  });
const check = (stepId: string, parts: object = {}) =>
  checkStep(ports, { tenant, runId: 'r1', stepId, estimatedCost: usd('0.5'), ...parts });
const report = (stepId: string, parts: Partial<RecordUsage> = {}) =>
  recordUsage(ports, { tenant, runId: 'r1', stepId, cost: usd('0.25'), ...parts });
const complete = (status: 'succeeded' | 'failed' = 'succeeded') =>
  completeRun(ports, { tenant, runId: 'r1', status });
const readR1 = async () => expectKind(await readRun(ports, { tenant, runId: 'r1' }), 'run');
const audit = () => auditMonth(ports, tenant, month);

describe(`usage (${ENGINE})`, () => {
  test('dearer than its estimate is booked in full', async () => {
    await create();
    await check('s1');
    await report('s1', { cost: usd('7') });
    const completed = expectKind(await complete(), 'completed');
    expect(completed).toMatchObject({ spent: usd('7'), released: 0n });
    expect(completed.budget).toMatchObject({ spent: usd('7'), remaining: usd('3') });
  });

  test('beyond the whole budget is booked too: it is spent, and then nothing is admitted', async () => {
    await create();
    await report('s1', { cost: usd('25') });
    const completed = expectKind(await complete(), 'completed');
    expect(completed.budget).toMatchObject({ spent: usd('25'), remaining: usd('-15') });
    expectKind(await create({ runId: 'r2', estimatedCost: 1n }), 'denied');
    expect(await audit()).toMatchObject({ spent: usd('25'), usage: usd('25'), held: 0n });
  });

  test('for a closed run is booked once, marked as late', async () => {
    await create();
    await check('left-over');
    expect(expectKind(await complete('failed'), 'completed').released).toBe(usd('2'));
    for (const stepId of ['left-over', 'never-checked']) {
      const late = expectKind(await report(stepId), 'recorded');
      expect(late.usage).toMatchObject({ late: true, reserved: 0n, cost: usd('0.25') });
      expectKind(await report(stepId), 'repeated');
      expectKind(await report(stepId, { cost: usd('0.3') }), 'id-reused');
    }
    const budget = expectKind(await report('left-over'), 'repeated').budget;
    expect(budget).toMatchObject({ spent: usd('0.5'), reserved: 0n, remaining: usd('9.5') });
    expect((await readR1()).usage).toHaveLength(2);
  });

  test('of no cost is a record like any other', async () => {
    await create({ estimatedCost: 0n });
    expectKind(await check('s1', { estimatedCost: 0n }), 'granted');
    expectKind(await report('s1', { cost: 0n }), 'recorded');
    expectKind(await report('s1', { cost: 0n }), 'repeated');
    expect(expectKind(await complete(), 'completed')).toMatchObject({ spent: 0n, released: 0n });
    expect(await audit()).toMatchObject({ spent: 0n, records: 1, held: 0n });
  });

  test('is priced by the tenant first, exactly, and says by which rates', async () => {
    const rates = [
      {
        model: 'house-model',
        provider: 'house',
        inputPerMTokUsd: '0.1',
        outputPerMTokUsd: '0.333333333',
        cachedInputPerMTokUsd: '0.05',
      },
    ];
    await setPolicy(ports, tenant, { limit: '10', rates });
    clock.advanceMinutes(1);
    await create();
    const tokens = { input: 1_001, output: 7, cachedInput: 501 };
    const priced = { cost: undefined, model: 'house-model', tokens };
    const { usage } = expectKind(await report('s1', priced), 'recorded');
    // 500 x 100 + 501 x 50 + 7 x 333.333333 nano-USD = 77,383.333331.
    expect(usage).toMatchObject({ cost: 77_383n, model: 'house-model', provider: 'house', tokens });
    expect(usage.rates).toMatchObject({ source: 'tenant', cachedInputPerMTokUsd: '0.05' });
    expectKind(await report('s2', { ...priced, model: 'no-such-model' }), 'price-unknown');
    expectKind(await report('s3', { cost: undefined, tokens }), 'model-missing');
    expect((await readR1()).usage).toHaveLength(1);
  });

  test('from a clock a little ahead is taken, from the future it is not', async () => {
    await create();
    const soon = new Date('2026-11-10T12:05:00Z');
    const { usage } = expectKind(await report('s1', { occurredAt: soon }), 'recorded');
    expect(usage.date).toBe('2026-11-10T12:05:00.000Z');
    const later = new Date('2026-11-10T12:05:00.001Z');
    expectKind(await report('s2', { occurredAt: later }), 'in-the-future');
  });
});

describe(`reading a run (${ENGINE})`, () => {
  test('shows its steps, those that run and those that were used', async () => {
    await create({ tags: { team: 'a' } });
    await check('s1', { model: 'gpt-4o-mini', tokens: { input: 10, output: 5 } });
    await check('s2');
    await report('s1');
    const open = await readR1();
    expect(open).toMatchObject({
      tenant,
      status: 'OPEN',
      spent: usd('0.25'),
      reserved: usd('1.75'),
      facts: { runId: 'r1', pipeline: 'nightly', tags: { team: 'a' }, reserved: usd('2') },
    });
    expect(open.openSteps).toMatchObject([
      { stepId: 's2', reserved: usd('0.5'), checkedAt: '2026-11-10T12:00:00.000Z' },
    ]);
    expect(open.usage).toMatchObject([
      { stepId: 's1', cost: usd('0.25'), estimatedTokens: { input: 10, output: 5 } },
    ]);
    await complete();
    const closed = await readR1();
    expect(closed).toMatchObject({ status: 'CLOSED', reserved: 0n, openSteps: [] });
    expect(closed.facts).toMatchObject({ outcome: 'succeeded' });
  });

  test('lists steps in the order of their time, and of their names where that is the same', async () => {
    await create();
    for (const stepId of ['s3', 's10', 's1']) await check(stepId, { estimatedCost: 1n });
    clock.advanceMinutes(1);
    for (const stepId of ['s2', 's0']) await check(stepId, { estimatedCost: 1n });
    const inOrder = ['s1', 's10', 's3', 's0', 's2'];
    expect((await readR1()).openSteps.map(({ stepId }) => stepId)).toEqual(inOrder);
    for (const stepId of ['s0', 's2']) await report(stepId);
    const occurredAt = new Date('2026-11-10T11:00:00Z');
    for (const stepId of ['s3', 's1', 's10']) await report(stepId, { occurredAt });
    expect((await readR1()).usage.map(({ stepId }) => stepId)).toEqual(inOrder);
  });

  test("another tenant's run is not there, and an id may be used by both", async () => {
    await create();
    await check('s1');
    const mine = await audit();
    const other = `${tenant}-other`;
    await setPolicy(ports, other, { limit: '1' });
    const key = { tenant: other, runId: 'r1' };
    const step = { ...key, stepId: 's1', estimatedCost: usd('0.5') };
    expectKind(await readRun(ports, key), 'not-found');
    expectKind(await checkStep(ports, step), 'not-found');
    expectKind(await checkStep(ports, { ...step, dryRun: true }), 'not-found');
    expectKind(await recordUsage(ports, { ...key, stepId: 's1', cost: 1n }), 'not-found');
    expectKind(await completeRun(ports, { ...key, status: 'failed' }), 'not-found');
    expect(await audit()).toEqual(mine);

    const theirs = { ...key, pipeline: 'theirs', estimatedCost: usd('1') };
    expectKind(await createRun(ports, theirs), 'created');
    expectKind(await checkStep(ports, step), 'granted');
    expectKind(await recordUsage(ports, { ...key, stepId: 's1', cost: usd('0.9') }), 'recorded');
    expectKind(await completeRun(ports, { ...key, status: 'failed' }), 'completed');
    expect(await audit()).toEqual(mine);
    expect(await auditMonth(ports, other, month)).toMatchObject({ spent: usd('0.9'), records: 1 });
    expect((await ports.reader.tenantsOfRun('r1')).includes(tenant)).toBe(true);
  });
});
