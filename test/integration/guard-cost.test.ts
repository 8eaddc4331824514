import { checkStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { recordUsage } from '../../core/guard/record-usage';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  expectKind,
  guardPorts,
  POLICY_MEMORY_MS,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const PRICED = { model: 'gpt-4o-mini', provider: 'openai' } as const;
const ENTRY = { ...PRICED, inputTokens: 2_000, outputTokens: 500, count: 3 };

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
  clock = new ManualClock('2026-11-15T12:00:00Z');
  ports = guardPorts(engine, clock);
  tenant = `acme-${(tenants += 1)}`;
  await setPolicy(ports, tenant, { limit: '100' });
  engine.takeCounts();
});

/** A process reads a tenant's policy with its first call, and then not while it is busy. */
const warmUp = () => ports.policies.latest(tenant);

/** Calls at the engine while `act` ran: writes of items apart from everything that reads. */
async function costOf(
  act: () => Promise<{ readonly kind: string }>,
): Promise<{ kind: string; writes: number; reads: number }> {
  engine.takeCounts();
  const { kind } = await act();
  let writes = 0;
  let reads = 0;
  for (const [name, count] of Object.entries(engine.takeCounts())) {
    if (/^(Put|Update|Delete)/.test(name)) writes += count;
    else reads += count;
  }
  return { kind, writes, reads };
}

const openRun = (runId: string) => () =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimatedCost: usd('2') });
const openPricedRun = (runId: string) => () =>
  createRun(ports, { tenant, runId, pipeline: 'nightly', estimate: [ENTRY] });
const check = (runId: string, stepId: string) => () =>
  checkStep(ports, { tenant, runId, stepId, estimatedCost: usd('0.5') });
const checkPriced = (runId: string, stepId: string) => () =>
  checkStep(ports, { tenant, runId, stepId, ...PRICED, tokens: { input: 2_000, output: 500 } });
const report = (runId: string, stepId: string) => () =>
  recordUsage(ports, { tenant, runId, stepId, cost: usd('0.25') });
const reportPriced = (runId: string, stepId: string) => () =>
  recordUsage(ports, {
    tenant,
    runId,
    stepId,
    tokens: { input: 1_500, output: 400, cachedInput: 1_000 },
  });
const complete = (runId: string) => () =>
  completeRun(ports, { tenant, runId, status: 'succeeded' });

describe(`what an operation costs at the engine (${ENGINE})`, () => {
  test('with costs given by the caller', async () => {
    await warmUp();
    expect(await costOf(openRun('r1'))).toEqual({ kind: 'created', writes: 2, reads: 0 });
    expect(await costOf(check('r1', 's1'))).toEqual({ kind: 'granted', writes: 1, reads: 0 });
    expect(await costOf(check('r1', 's2'))).toEqual({ kind: 'granted', writes: 1, reads: 0 });
    expect(await costOf(report('r1', 's1'))).toEqual({ kind: 'recorded', writes: 2, reads: 2 });
    expect(await costOf(report('r1', 's2'))).toEqual({ kind: 'recorded', writes: 2, reads: 2 });
    expect(await costOf(complete('r1'))).toEqual({ kind: 'completed', writes: 2, reads: 1 });
    const { spent, held, usage } = await auditMonth(ports, tenant, '2026-11');
    expect({ spent, held, usage }).toEqual({ spent: usd('0.5'), held: 0n, usage: usd('0.5') });
  });

  test('with priced tokens, once the policy is remembered', async () => {
    expect(await costOf(openPricedRun('p1'))).toEqual({ kind: 'created', writes: 2, reads: 1 });
    expect(await costOf(openPricedRun('p2'))).toEqual({ kind: 'created', writes: 2, reads: 0 });
    expect(await costOf(checkPriced('p2', 's1'))).toEqual({ kind: 'granted', writes: 1, reads: 0 });
    // What is booked is priced by the policy as it is now, so that read is made each time.
    const usage = await costOf(reportPriced('p2', 's1'));
    expect(usage).toEqual({ kind: 'recorded', writes: 2, reads: 3 });
    expect(await costOf(complete('p2'))).toEqual({ kind: 'completed', writes: 2, reads: 1 });
  });

  test('a policy is read again when its memory is over', async () => {
    await openPricedRun('m1')();
    clock.advanceMinutes(POLICY_MEMORY_MS / 60_000);
    expect(await costOf(openPricedRun('m2'))).toEqual({ kind: 'created', writes: 2, reads: 1 });
  });

  test('a step that its run has no room for takes the money from the month: four writes', async () => {
    await openRun('x1')();
    const large = () =>
      checkStep(ports, { tenant, runId: 'x1', stepId: 's1', estimatedCost: usd('3') });
    const { kind, writes } = await costOf(large);
    // The refused hold, the month's extension, the run's new limit, the hold.
    expect({ kind, writes }).toEqual({ kind: 'granted', writes: 4 });
  });

  test('a refusal writes nothing that stays but its alert', async () => {
    await openRun('small')();
    const before = await auditMonth(ports, tenant, '2026-11');
    const tooMuch = () =>
      createRun(ports, { tenant, runId: 'big', pipeline: 'nightly', estimatedCost: usd('1000') });
    const { kind, writes } = await costOf(tooMuch);
    // The refused hold; and, the first time, the alert that is stored, sent and marked as sent.
    expect({ kind, writes }).toEqual({ kind: 'denied', writes: 3 });
    const again = await costOf(tooMuch);
    expect({ kind: again.kind, writes: again.writes }).toEqual({ kind: 'denied', writes: 2 });
    expect(await auditMonth(ports, tenant, '2026-11')).toEqual(before);
    const run = await costOf(() => completeRun(ports, { tenant, runId: 'big', status: 'failed' }));
    expect(run).toEqual({ kind: 'not-found', writes: 0, reads: 1 });
  });

  test('the first call of a month also opens its account', async () => {
    clock.moveTo('2026-12-15T12:00:00Z');
    const first = await costOf(openRun('d1'));
    expect({ kind: first.kind, writes: first.writes }).toEqual({ kind: 'created', writes: 5 });
    expect(await costOf(openRun('d2'))).toEqual({ kind: 'created', writes: 2, reads: 0 });
  });

  test('many open runs add no call to the next one', async () => {
    await setPolicy(ports, tenant, { limit: '1000' });
    for (let index = 0; index < 100; index += 1) {
      expectKind(await openRun(`many-${index}`)(), 'created');
    }
    expect(await costOf(openRun('next'))).toEqual({ kind: 'created', writes: 2, reads: 0 });
    expect(await costOf(check('next', 's1'))).toEqual({ kind: 'granted', writes: 1, reads: 0 });
    expect(await costOf(report('next', 's1'))).toEqual({ kind: 'recorded', writes: 2, reads: 2 });
    expect(await costOf(complete('next'))).toEqual({ kind: 'completed', writes: 2, reads: 1 });
  });
});
