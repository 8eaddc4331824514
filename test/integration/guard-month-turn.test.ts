import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readRun } from '../../core/guard/read-run';
import { recordUsage } from '../../core/guard/record-usage';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  expectKind,
  guardPorts,
  interrupted,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const NOVEMBER = '2026-11';
const DECEMBER = '2026-12';
const LAST_MINUTE = '2026-11-30T23:59:00Z';
const FIRST_MINUTE = '2026-12-01T00:01:00Z';
const runId = 'over-the-turn';

let engine: TestEngine;
let clock: ManualClock;
let ports: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

/** A run of 2 USD, opened in November's last minute. */
beforeEach(async () => {
  clock = new ManualClock(LAST_MINUTE);
  ports = guardPorts(engine, clock);
  tenant = `turn-${(tenants += 1)}`;
  await setPolicy(ports, tenant, { limit: '10' });
  expectKind(await create(), 'created');
});

const create = (parts: object = {}) =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd('2'), ...parts });
const check = (stepId: string, cost = '0.5') =>
  checkStep(ports, { tenant, runId, stepId, estimatedCost: usd(cost) });
const report = (stepId: string, cost: string) =>
  recordUsage(ports, { tenant, runId, stepId, cost: usd(cost) });
const complete = () => completeRun(ports, { tenant, runId, status: 'succeeded' });

async function expectNoAccount(month: string): Promise<void> {
  const account = await ports.ledger.store.read({ level: 'tenant-month', tenant, month });
  expect(account).toBeUndefined();
}

/** Nothing held, and the month has spent what its records say, to the last nano. */
async function expectSettled(month: string, spent: string, records: number): Promise<void> {
  const audit = await auditMonth(ports, tenant, month);
  expect(audit).toMatchObject({ spent: usd(spent), held: 0n, usage: usd(spent), records });
}

const rehearse = (stepId: string, cost: string) =>
  checkStep(ports, { tenant, runId, stepId, estimatedCost: usd(cost), dryRun: true });

describe(`the turn of a month (${ENGINE})`, () => {
  test('a rehearsal looks at what the new month has, not at what the run had before', async () => {
    clock.moveTo(FIRST_MINUTE);
    expectKind(await rehearse('s', '10'), 'dry-run');
    await expectNoAccount(DECEMBER);
    const other = { tenant, runId: 'other', pipeline: 'nightly', estimatedCost: usd('9') };
    expectKind(await createRun(ports, other), 'created');
    expectKind(await rehearse('s', '1.5'), 'denied');
    expectKind(await check('s', '1.5'), 'denied');
  });

  test('a rehearsal inside the reservation is granted, as the step itself would be', async () => {
    await setPolicy(ports, tenant, { limit: '1' });
    expectKind(await rehearse('s', '1'), 'dry-run');
    expectKind(await check('s', '1'), 'granted');
  });

  test('a rehearsal warns of a soft cap that the step would pass', async () => {
    await setPolicy(ports, tenant, { limit: '2', mode: 'soft-cap' });
    const said = expectKind(await rehearse('s', '2.1'), 'dry-run').step;
    const meant = expectKind(await check('s', '2.1'), 'granted').step;
    expect(said.decision).toBe('warn');
    expect(said.warnings).toEqual(meant.warnings);
  });

  test('a step checked in the new month opens its account; usage stays with its hold', async () => {
    expectKind(await check('s1'), 'granted');
    clock.moveTo(FIRST_MINUTE);

    const second = expectKind(await check('s2'), 'granted').step.budget;
    expect(second).toMatchObject({ month: DECEMBER, limit: usd('10'), spent: 0n });
    expect(second.reserved).toBe(usd('0.5'));
    expect(second.resetsAt).toBe('2027-01-01T00:00:00Z');

    const first = expectKind(await report('s1', '0.3'), 'recorded');
    expect(first.budget).toMatchObject({ month: NOVEMBER, reserved: usd('2') });
    expect(first.usage.date).toBe('2026-12-01T00:01:00.000Z');
    expect(expectKind(await report('s2', '0.2'), 'recorded').budget.month).toBe(DECEMBER);

    const completed = expectKind(await complete(), 'completed');
    expect(completed).toMatchObject({ spent: usd('0.5'), released: usd('2') });
    await expectSettled(NOVEMBER, '0.3', 1);
    await expectSettled(DECEMBER, '0.2', 1);
  });

  test('a run may check a whole month of steps on both sides', async () => {
    for (let step = 1; step <= 6; step += 1) {
      if (step === 4) clock.moveTo(FIRST_MINUTE);
      expectKind(await check(`s${step}`, '0.7'), 'granted');
    }
    for (let step = 1; step <= 6; step += 1) await report(`s${step}`, `0.${step}`);
    const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
    expect(read.usage.map(({ stepId }) => stepId).toSorted()).toEqual([
      's1',
      's2',
      's3',
      's4',
      's5',
      's6',
    ]);
    expect(read).toMatchObject({ spent: usd('2.1'), status: 'OPEN', openSteps: [] });
    await complete();
    await expectSettled(NOVEMBER, '0.6', 3);
    await expectSettled(DECEMBER, '1.5', 3);
  });

  test('calls of the old month repeated in the new one are repeats, and open nothing', async () => {
    await check('reported');
    await report('reported', '0.1');
    await check('running');
    clock.moveTo(FIRST_MINUTE);

    const run = expectKind(await create(), 'repeated').run;
    expect(run).toMatchObject({ reserved: usd('2'), decision: 'allow', status: 'OPEN' });
    expect(run.budget.month).toBe(NOVEMBER);
    expect(expectKind(await check('reported'), 'repeated').step.reserved).toBe(usd('0.5'));
    expect(expectKind(await check('running'), 'repeated').step.reserved).toBe(usd('0.5'));
    expectKind(await report('reported', '0.1'), 'repeated');
    expectKind(await create({ pipeline: 'other' }), 'id-reused');
    expectKind(await check('reported', '0.6'), 'id-reused');
    expectKind(await check('running', '0.6'), 'id-reused');
    expectKind(await report('reported', '0.2'), 'id-reused');
    await expectNoAccount(DECEMBER);

    const completed = expectKind(await complete(), 'completed');
    expect(completed.budget.month).toBe(NOVEMBER);
    expect(await complete()).toEqual(completed);
    expectKind(await check('afterwards'), 'run-closed');
    await expectSettled(NOVEMBER, '0.1', 1);
    await expectNoAccount(DECEMBER);
  });

  test('they are repeats too where the run has an account in the new month by then', async () => {
    await check('reported');
    await report('reported', '0.1');
    await check('running');
    clock.moveTo(FIRST_MINUTE);
    expectKind(await check('new', '1'), 'granted');
    // Room in December's account of the run, which a repeated call could take by mistake.
    await report('new', '0.2');

    expectKind(await check('reported'), 'repeated');
    expectKind(await check('running'), 'repeated');
    expectKind(await check('running', '0.6'), 'id-reused');
    expectKind(await create(), 'repeated');
    expectKind(await report('new', '0.2'), 'repeated');
    const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
    expect(read.openSteps.map(({ stepId }) => stepId)).toEqual(['running']);

    const completed = expectKind(await complete(), 'completed');
    expect(await complete()).toEqual(completed);
    await expectSettled(NOVEMBER, '0.1', 1);
    await expectSettled(DECEMBER, '0.2', 1);
  });

  test('a run whose deadline fell between the two calls is a repeat as well', async () => {
    const late = { runId: 'short', deadline: new Date('2026-12-01T00:00:00Z') };
    expectKind(await create(late), 'created');
    clock.moveTo('2026-11-30T23:59:59.999Z');
    expectKind(await create(late), 'repeated');
    clock.moveTo(FIRST_MINUTE);
    expectKind(await create(late), 'repeated');
    expectKind(await create({ ...late, pipeline: 'other' }), 'id-reused');
    expectKind(await create({ ...late, runId: 'never-opened' }), 'deadline-passed');
  });

  test("each month's cap refuses for itself", async () => {
    const fill = { runId: 'november', estimatedCost: usd('8') };
    expectKind(await create(fill), 'created');
    const denied = expectKind(await check('s1', '2.000000001'), 'denied');
    expect(denied.budget).toMatchObject({ month: NOVEMBER, reserved: usd('10'), remaining: 0n });

    clock.moveTo(FIRST_MINUTE);
    expectKind(await check('s1', '2.000000001'), 'granted');
    const rest = { runId: 'december', estimatedCost: usd('7.5') };
    expectKind(await create(rest), 'created');
    const refused = expectKind(await check('s2', '0.5'), 'denied');
    expect(refused.budget).toMatchObject({ month: DECEMBER, remaining: usd('0.499999999') });
    expectKind(await check('s3', '0.499999999'), 'granted');
    expect(await auditMonth(ports, tenant, NOVEMBER)).toMatchObject({ held: usd('10') });
    expect(await auditMonth(ports, tenant, DECEMBER)).toMatchObject({ available: 0n });
  });

  test('steps that open the new month at the same time share one account', async () => {
    clock.moveTo(FIRST_MINUTE);
    const steps = Array.from({ length: 12 }, (_, index) => `s${index % 6}`);
    const checked = await Promise.all(steps.map((step) => check(step, '0.3')));
    const kinds = checked.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual([...Array(6).fill('granted'), ...Array(6).fill('repeated')]);
    const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
    expect(read.openSteps.map(({ stepId }) => stepId).toSorted()).toEqual([
      's0',
      's1',
      's2',
      's3',
      's4',
      's5',
    ]);
    // Steps that are in each other's way may have had December give their run some more ahead.
    const held = read.openSteps.reduce((sum, { reserved }) => sum + reserved, 0n);
    expect(held).toBe(usd('1.8'));
    expect(read.reserved).toBeGreaterThanOrEqual(usd('2') + held);
    expect(expectKind(await complete(), 'completed').released).toBe(read.reserved);
    await expectSettled(DECEMBER, '0', 0);
  });

  test.each(['hold', 'open child'] as const)(
    'a run that is completed while a step opens the new month (before its %s) stays closed',
    async (write) => {
      clock.moveTo(FIRST_MINUTE);
      await create({ runId: 'opens-december' });
      const slow = interrupted(ports, write, () => complete());
      const step = { tenant, runId, stepId: 's1', estimatedCost: usd('0.5') };
      expectKind(await checkStep(slow, step), 'run-closed');
      expectKind(await check('s1'), 'run-closed');
      const { held } = await auditMonth(ports, tenant, DECEMBER);
      expect(held).toBe(usd('2'));
    },
  );

  test('a run whose new month is opened while it is completed is closed there too', async () => {
    clock.moveTo(FIRST_MINUTE);
    const slow = interrupted(ports, 'close', () => check('s1'));
    const completed = await completeRun(slow, { tenant, runId, status: 'succeeded' });
    expect(expectKind(completed, 'completed').released).toBe(usd('2.5'));
    await expectSettled(DECEMBER, '0', 0);
  });

  test('usage without a step check belongs to the month in which the run was opened', async () => {
    clock.moveTo(FIRST_MINUTE);
    await check('s1');
    expect(expectKind(await report('unchecked', '0.4'), 'recorded').budget.month).toBe(NOVEMBER);
    await complete();
    const late = expectKind(await report('late', '0.01'), 'recorded');
    expect(late).toMatchObject({ usage: { late: true }, budget: { month: NOVEMBER } });
    await expectSettled(NOVEMBER, '0.41', 2);
    await expectSettled(DECEMBER, '0', 0);
  });

  test('a tenant without a policy any more is not given a month by a step', async () => {
    const orphan = 'no-policy-of-its-own';
    const defaults = guardPorts(engine, new ManualClock(LAST_MINUTE), {
      budget: (await ports.policyStore.read(tenant))!.budget,
      quotas: {},
      rates: [],
    });
    const opened = await createRun(defaults, {
      tenant: orphan,
      runId,
      pipeline: 'nightly',
      estimatedCost: usd('1'),
    });
    expectKind(opened, 'created');
    clock.moveTo(FIRST_MINUTE);
    const step = { tenant: orphan, runId, stepId: 's1', estimatedCost: usd('0.5') };
    expectKind(await checkStep(ports, step), 'policy-not-found');
  });
});
