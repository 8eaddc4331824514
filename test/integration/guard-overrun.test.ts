import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { readBudget } from '../../core/guard/read-budget';
import { recordUsage } from '../../core/guard/record-usage';
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

let engine: TestEngine;
let ports: EnginePorts;
let tenant: string;
let tenants = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(async () => {
  ports = guardPorts(engine, new ManualClock('2026-11-15T12:00:00Z'));
  tenant = `over-${(tenants += 1)}`;
  await setPolicy(ports, tenant, { limit: '20' });
});

const open = (runId: string, estimatedCost: string) =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd(estimatedCost) });
const check = (stepId: string, estimatedCost: string) =>
  checkStep(ports, { tenant, runId: 'a', stepId, estimatedCost: usd(estimatedCost) });
const report = (stepId: string, cost: string) =>
  recordUsage(ports, { tenant, runId: 'a', stepId, cost: usd(cost) });

async function committed(): Promise<{ spent: bigint; reserved: bigint; remaining: bigint }> {
  const { budget } = expectKind(await readBudget(ports, { tenant }), 'budget');
  const { spent, reserved, remaining } = budget;
  return { spent, reserved, remaining };
}

describe(`a run that costs more than it was given (${ENGINE})`, () => {
  test('has its month cover the difference at once, and nothing more is granted', async () => {
    expectKind(await open('a', '1'), 'created');
    expectKind(await check('s', '1'), 'granted');
    const recorded = expectKind(await report('s', '100'), 'recorded');
    expect(recorded.budget.remaining).toBe(-usd('80'));
    expect(await committed()).toEqual({
      spent: 0n,
      reserved: usd('100'),
      remaining: -usd('80'),
    });
    expectKind(await open('b', '0.01'), 'denied');
    expectKind(await completeRun(ports, { tenant, runId: 'a', status: 'succeeded' }), 'completed');
    expect(await committed()).toEqual({ spent: usd('100'), reserved: 0n, remaining: -usd('80') });
  });

  test('also when its steps were never checked', async () => {
    expectKind(await open('a', '1'), 'created');
    for (const step of ['1', '2', '3']) expectKind(await report(step, '5'), 'recorded');
    expect(await committed()).toEqual({ spent: 0n, reserved: usd('15'), remaining: usd('5') });
    // A check after the report was never granted: it cannot be granted again.
    expectKind(await check('1', '1000'), 'id-reused');
  });

  test('sixty steps at once in a run without room are all served', async () => {
    expectKind(await open('a', '0'), 'created');
    const steps = Array.from({ length: 60 }, (_, index) => `s${index}`);
    const checked = await Promise.all(steps.map((step) => check(step, '0.3')));
    expect(checked.filter(({ kind }) => kind !== 'granted')).toEqual([]);
    for (const step of steps) expectKind(await report(step, '0.3'), 'recorded');
    expectKind(await completeRun(ports, { tenant, runId: 'a', status: 'succeeded' }), 'completed');
    expect(await committed()).toEqual({ spent: usd('18'), reserved: 0n, remaining: usd('2') });
  });

  test('and at the edge of the limit exactly those that fit', async () => {
    expectKind(await open('a', '5'), 'created');
    const steps = Array.from({ length: 80 }, (_, index) => `s${index}`);
    const checked = await Promise.all(steps.map((step) => check(step, '0.3')));
    expect(checked.filter(({ kind }) => kind === 'granted')).toHaveLength(66);
    expect(checked.filter(({ kind }) => kind === 'denied')).toHaveLength(14);
  });
});
