import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { recordUsage } from '../../core/guard/record-usage';
import { sweepAccount } from '../../core/sweep/sweep-account';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  Crash,
  dyingAfter,
  guardPorts,
  terms,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(300_000);

const month = '2026-11';
const runId = 'r1';
const DAY_MINUTES = 24 * 60;

type Call = (ports: EnginePorts, tenant: string) => Promise<{ readonly kind: string }>;

interface Operation {
  readonly name: string;
  readonly call: Call;
  /** What it may answer when it is said again after a crash. */
  readonly answers: readonly string[];
}

const check =
  (stepId: string, cost: string): Call =>
  (ports, tenant) =>
    checkStep(ports, { tenant, runId, stepId, estimatedCost: usd(cost) });
const report =
  (stepId: string, cost: string): Call =>
  (ports, tenant) =>
    recordUsage(ports, { tenant, runId, stepId, cost: usd(cost) });
const create: Call = (ports, tenant) =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd('1') });
const complete: Call = (ports, tenant) =>
  completeRun(ports, { tenant, runId, status: 'succeeded' });

const RECORDED = ['recorded', 'repeated'];
const GRANTED = ['granted', 'repeated'];

/** The life of a run: every write of the ledger happens in it. */
const LIFE: readonly Operation[] = [
  { name: 'run check', call: create, answers: ['created', 'repeated'] },
  { name: 'step check', call: check('s1', '0.6'), answers: GRANTED },
  { name: 'step check that extends the run', call: check('s2', '0.7'), answers: GRANTED },
  { name: 'usage', call: report('s1', '0.5'), answers: RECORDED },
  { name: 'usage without a step check', call: report('u', '0.1'), answers: RECORDED },
  { name: 'completion with a step left over', call: complete, answers: ['completed'] },
  { name: 'late usage', call: report('late', '0.05'), answers: RECORDED },
];

let engine: TestEngine;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

interface Life {
  readonly clock: ManualClock;
  readonly ports: EnginePorts;
  readonly tenant: string;
}

/** With the deployment's default policy, so that the run check opens the month's account as well. */
function newLife(): Life {
  const clock = new ManualClock('2026-11-10T12:00:00Z');
  const ports = guardPorts(engine, clock, terms({ limit: '10' }));
  return { clock, ports, tenant: `crash-${(tenants += 1)}` };
}

/** Every place at which a process can die in the run's life. */
async function crashPoints(): Promise<readonly { operation: number; writes: number }[]> {
  const points: { operation: number; writes: number }[] = [];
  const { ports, tenant } = newLife();
  const { store } = ports.ledger;
  for (const [operation, { call }] of LIFE.entries()) {
    let writes = 0;
    const apply: typeof store.apply = (write) => {
      writes += 1;
      points.push({ operation, writes });
      return store.apply(write);
    };
    await call({ ...ports, ledger: { ...ports.ledger, store: { ...store, apply } } }, tenant);
  }
  return points;
}

async function dieAt(life: Life, operation: number, writes: number): Promise<void> {
  const { ports, tenant } = life;
  for (const { call } of LIFE.slice(0, operation)) await call(ports, tenant);
  const dying = LIFE[operation]!.call(dyingAfter(ports, writes), tenant);
  await expect(dying).rejects.toThrow(Crash);
}

async function liveOn({ ports, tenant }: Life, from: number): Promise<void> {
  for (const { name, call, answers } of LIFE.slice(from)) {
    const { kind } = await call(ports, tenant);
    expect([name, answers.includes(kind) ? 'as expected' : kind]).toEqual([name, 'as expected']);
  }
}

const sweep = ({ ports, tenant }: Life) => sweepAccount(ports, { tenant, month });

describe(`a process that dies after any of its writes (${ENGINE})`, () => {
  test('every kind of write is in the life of the run', async () => {
    const points = await crashPoints();
    // Refused hold, open month, hold, open child; hold; refused hold, extend, raise, hold; book,
    // settle; forced hold, book, settle; refused close, fence, settle, close, settle; and late.
    expect(
      LIFE.map((_, index) => points.filter(({ operation }) => operation === index).length),
    ).toEqual([4, 1, 4, 2, 3, 5, 3]);
  });

  test('the call said again ends as if nothing had happened', async () => {
    for (const { operation, writes } of await crashPoints()) {
      const life = newLife();
      await dieAt(life, operation, writes);
      await liveOn(life, operation);
      life.clock.advanceMinutes(2);
      await sweep(life);
      await expectWholeLife(life, `${LIFE[operation]?.name}, write ${writes}`);
    }
  });

  test('so it does after a sweep', async () => {
    for (const { operation, writes } of await crashPoints()) {
      const life = newLife();
      await dieAt(life, operation, writes);
      life.clock.advanceMinutes(2);
      await sweep(life);
      await liveOn(life, operation);
      life.clock.advanceMinutes(2);
      await sweep(life);
      await expectWholeLife(life, `${LIFE[operation]?.name}, write ${writes}`);
    }
  });

  test('what nobody says again is put in order by sweepers, some of which die', async () => {
    // After the very first write, a refused one, there is no account yet.
    for (const { operation, writes } of (await crashPoints()).slice(1)) {
      const life = newLife();
      await dieAt(life, operation, writes);
      life.clock.advanceMinutes(DAY_MINUTES + 30);
      for (let sweeperWrites = 1; sweeperWrites <= 3; sweeperWrites += 1) {
        const ports = dyingAfter(life.ports, sweeperWrites);
        await sweep({ ...life, ports }).catch((fault: unknown) => {
          if (!(fault instanceof Crash)) throw fault;
        });
      }
      await sweep(life);
      const where = `${LIFE[operation]?.name}, write ${writes}`;
      const { held, spent, usage } = await auditMonth(life.ports, life.tenant, month);
      expect([where, held, spent]).toEqual([where, 0n, usage]);
    }
  });
});

async function expectWholeLife({ ports, tenant }: Life, where: string): Promise<void> {
  const { spent, held, usage, records } = await auditMonth(ports, tenant, month);
  const expected = [where, usd('0.65'), 0n, usd('0.65'), 3];
  expect([where, spent, held, usage, records]).toEqual(expected);
}
