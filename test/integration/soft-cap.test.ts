import type { Alert, AlertType } from '../../core/alerts/alert';
import { completeRun } from '../../core/guard/complete-run';
import { createRun, type RunCreated } from '../../core/guard/create-run';
import { recordUsage } from '../../core/guard/record-usage';
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

jest.setTimeout(300_000);

const CALLERS = 100;
const month = '2026-11';

let engine: TestEngine;
let clock: ManualClock;
let processes: readonly EnginePorts[];
let ports: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(() => {
  clock = new ManualClock('2026-11-10T12:00:00Z');
  processes = Array.from({ length: 4 }, () => guardPorts(engine, clock));
  ports = processes[0] as EnginePorts;
  tenant = `soft-${(tenants += 1)}`;
});

const create = (runId: string, cost: string, by: EnginePorts = ports) =>
  createRun(by, { tenant, runId, pipeline: 'nightly', estimatedCost: usd(cost) });

/** A hundred callers at four processes, each with a run of this cost. */
const callersCreate = (cost: string, prefix = 'r'): Promise<readonly RunCreated[]> =>
  Promise.all(
    Array.from({ length: CALLERS }, (_, caller) =>
      create(`${prefix}${caller}`, cost, processes[caller % 4]),
    ),
  );

async function stored(): Promise<readonly Alert[]> {
  return (await ports.alerts.store.list({ tenant, limit: 100 })).items;
}

/** What was paged, by all processes together; and it is what is stored. */
async function paged(): Promise<readonly string[]> {
  const taken = processes.flatMap(({ bus }) => bus.taken);
  const alerts = await stored();
  expect(taken.map(({ alertId }) => alertId).toSorted()).toEqual(
    alerts.map(({ alertId }) => alertId).toSorted(),
  );
  for (const { sentAt } of alerts) expect(sentAt).toBeDefined();
  return taken
    .map(({ type, condition }) =>
      type === 'BUDGET_THRESHOLD_CROSSED' ? condition : `${condition}, ${type}`,
    )
    .toSorted();
}

const BANDS = (version: number): string[] =>
  [
    ...[50, 80, 90, 100].map((percent) => `limit ${version}, ${percent} %`),
    `limit ${version}, BUDGET_SOFT_CAP_EXCEEDED`,
    `limit ${version}, BUDGET_GRACE_EXCEEDED`,
  ].toSorted();

/** An answer agrees with the figures that it gives itself. */
function expectOwnFigures(answer: RunCreated): void {
  const { run } = expectKind(answer, 'created');
  const { limit, spent, reserved, remaining } = run.budget;
  const committed = spent + reserved;
  expect(remaining).toBe(limit - committed);
  const grace = limit / 10n;
  const code =
    committed <= limit
      ? undefined
      : committed <= limit + grace
        ? 'BUDGET_SOFT_CAP_EXCEEDED'
        : 'BUDGET_GRACE_EXCEEDED';
  expect(run.decision).toBe(code === undefined ? 'allow' : 'warn');
  expect(run.warnings.map((warning) => warning.code)).toEqual(code === undefined ? [] : [code]);
  for (const { message } of run.warnings) {
    expect(message).toMatch(/^The budget of 10\.00 USD for 2026-11 is exceeded by \d+\.\d+ USD/);
  }
}

const endOf = async (runId: string): Promise<void> => {
  expectKind(await completeRun(ports, { tenant, runId, status: 'succeeded' }), 'completed');
};

describe(`a soft cap driven through its bands by ${CALLERS} callers (${ENGINE})`, () => {
  test('each decision is right by its own figures, each alert comes once', async () => {
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10' });
    const answers = await callersCreate('0.12');
    answers.forEach(expectOwnFigures);
    const committed = answers.map((answer) => expectKind(answer, 'created').run.budget.reserved);
    // Each answer tells the budget as it was right after its own hold.
    expect(committed.toSorted((a, b) => Number(a - b))).toEqual(
      Array.from({ length: CALLERS }, (_, index) => usd('0.12') * BigInt(index + 1)),
    );
    const count = (code: string | undefined) =>
      answers.filter((answer) => expectKind(answer, 'created').run.warnings[0]?.code === code)
        .length;
    expect(count(undefined)).toBe(83);
    expect(count('BUDGET_SOFT_CAP_EXCEEDED')).toBe(8);
    expect(count('BUDGET_GRACE_EXCEEDED')).toBe(9);
    expect(await paged()).toEqual(BANDS(1));
  });

  test('spend that falls and rises again pages nobody, a raised limit arms the alerts', async () => {
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10' });
    await callersCreate('0.12');
    for (let run = 0; run < 60; run += 1) await endOf(`r${run}`);
    expect((await auditMonth(ports, tenant, month)).held).toBe(usd('4.8'));
    const again = await Promise.all(
      Array.from({ length: 60 }, (_, caller) =>
        create(`a${caller}`, '0.12', processes[caller % 4]),
      ),
    );
    again.forEach(expectOwnFigures);
    expect(await paged()).toEqual(BANDS(1));

    // A changed grace is no other limit.
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10', gracePercent: 15 });
    await create('b', '0.01');
    expect(await paged()).toEqual(BANDS(1));
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10.5' });
    await create('c', '0.01');
    expect(await paged()).toEqual([...BANDS(1), ...BANDS(2)].toSorted());
  });

  test('usage and completion cross thresholds as well, and tell whose they were', async () => {
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10' });
    await create('r', '1');
    await recordUsage(ports, { tenant, runId: 'r', stepId: 's', cost: usd('20') });
    await endOf('r');
    expect(await paged()).toEqual(BANDS(1));
    for (const alert of await stored()) {
      expect(alert).toMatchObject({ runId: 'r', pipeline: 'nightly', count: 1, month });
    }
  });

  test('with onGraceExceeded deny: refused exactly past the grace', async () => {
    await setPolicy(ports, tenant, { mode: 'soft-cap', limit: '10', onGraceExceeded: 'deny' });
    const answers = await callersCreate('0.125');
    const granted = answers.filter(({ kind }) => kind === 'created');
    granted.forEach(expectOwnFigures);
    expect(granted).toHaveLength(88);
    expect((await auditMonth(ports, tenant, month)).held).toBe(usd('11'));
    for (const answer of answers.filter(({ kind }) => kind !== 'created')) {
      const { budget, requested } = expectKind(answer, 'denied');
      expect(budget.spent + budget.reserved + requested).toBeGreaterThan(usd('11'));
    }
    const [hit] = (await stored()).filter(({ type }) => type === 'BUDGET_HARD_CAP_HIT');
    expect(hit).toMatchObject({ count: 12, severity: 'critical' });
    expect(await paged()).toHaveLength(4 + 1 + 1);
  });
});

describe(`a hard cap hit a thousand times (${ENGINE})`, () => {
  test('pages once, counts a thousand, and tells who tried last', async () => {
    await setPolicy(ports, tenant, { limit: '10', alertThresholds: [] });
    await create('first', '10');
    for (let wave = 0; wave < 10; wave += 1) {
      const denied = await callersCreate('0.5', `w${wave}-`);
      for (const { kind } of denied) expect(kind).toBe('denied');
    }
    expectKind(await create('last-one', '0.75'), 'denied');
    const [alert, ...others] = await stored();
    expect(others).toEqual([]);
    expect(alert).toMatchObject({
      type: 'BUDGET_HARD_CAP_HIT' satisfies AlertType,
      count: 1_001,
      runId: 'last-one',
      requested: usd('0.75'),
      figures: { limit: usd('10'), spent: 0n, reserved: usd('10') },
      runbook: '/docs/maestro/runbooks/budget-override',
    });
    expect(processes.flatMap(({ bus }) => bus.taken)).toHaveLength(1);
  });
});
