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
  interrupted,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const month = '2026-11';
const TWINS = 8;

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
  tenant = `repeats-${(tenants += 1)}`;
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

/** The same call several times at once. */
function atOnce<T>(call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: TWINS }, call));
}

const kindsOf = (outcomes: readonly { readonly kind: string }[]) =>
  outcomes.map(({ kind }) => kind).toSorted();
const onceAs = (first: string, others: string) =>
  [first, ...Array<string>(TWINS - 1).fill(others)].toSorted();

describe(`the same call again (${ENGINE})`, () => {
  test('answers as before, whatever order its fields come in', async () => {
    const tags = { team: 'a', stage: 'prod' };
    const first = expectKind(await create({ tags }), 'created').run;
    clock.advanceMinutes(60);
    const again = expectKind(await create({ tags: { stage: 'prod', team: 'a' } }), 'repeated').run;
    expect({ ...again, budget: undefined }).toEqual({ ...first, budget: undefined });
    expectKind(await check('s1'), 'granted');
    expectKind(await check('s1'), 'repeated');
    expectKind(await report('s1', { tags }), 'recorded');
    expectKind(await report('s1', { tags }), 'repeated');
    const completed = expectKind(await complete(), 'completed');
    expect(await complete()).toEqual(completed);
    expectKind(await create({ tags }), 'repeated');
    expectKind(await check('s1'), 'repeated');
    expectKind(await check('s1', { estimatedCost: usd('0.6') }), 'id-reused');
    expectKind(await check('s2'), 'run-closed');
    expectKind(await report('s1', { tags }), 'repeated');
    expect(await audit()).toMatchObject({ spent: usd('0.25'), held: 0n, records: 1 });
  });

  test('with other content is refused, and changes nothing', async () => {
    await create();
    await check('s1', { model: 'gpt-4o-mini' });
    await report('s1', { model: 'gpt-4o-mini' });
    await check('s2');
    const before = await audit();
    const others = [
      { pipeline: 'other' },
      { estimatedCost: usd('2.000000001') },
      { tags: { team: 'a' } },
      { deadline: new Date('2026-11-11T00:00:00Z') },
    ];
    for (const parts of others) expectKind(await create(parts), 'id-reused');
    expectKind(await check('s2', { estimatedCost: usd('0.1') }), 'id-reused');
    expectKind(await check('s2', { model: 'gpt-4o' }), 'id-reused');
    expectKind(await report('s1', { cost: usd('0.1') }), 'id-reused');
    expectKind(await report('s1', { tags: { team: 'a' } }), 'id-reused');
    expectKind(await report('s1', { occurredAt: new Date('2026-11-10T11:00:00Z') }), 'id-reused');
    expectKind(await complete('failed'), 'completed');
    expect(await complete('succeeded')).toEqual({ kind: 'closed-otherwise', outcome: 'failed' });
    expectKind(await create({ pipeline: 'other' }), 'id-reused');
    expect(await audit()).toMatchObject({
      ...before,
      held: 0n,
      spent: usd('0.25'),
      available: usd('9.75'),
    });
  });

  test('at the same time happens once', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    expect(kindsOf(await atOnce(() => create()))).toEqual(onceAs('created', 'repeated'));
    expect((await audit()).held).toBe(usd('2'));
    expect(kindsOf(await atOnce(() => check('s1')))).toEqual(onceAs('granted', 'repeated'));
    expect(kindsOf(await atOnce(() => check('s2', { estimatedCost: usd('3') })))).toEqual(
      onceAs('granted', 'repeated'),
    );
    expect((await readR1()).openSteps).toMatchObject([
      { stepId: 's1', reserved: usd('0.5') },
      { stepId: 's2', reserved: usd('3') },
    ]);
    expect(kindsOf(await atOnce(() => report('s1')))).toEqual(onceAs('recorded', 'repeated'));
    expect(kindsOf(await atOnce(() => report('unchecked')))).toEqual(
      onceAs('recorded', 'repeated'),
    );
    const completions = await atOnce(() => complete());
    for (const each of completions) {
      expect(expectKind(each, 'completed')).toMatchObject({ spent: usd('0.5') });
    }
    expect(kindsOf(await atOnce(() => report('late')))).toEqual(onceAs('recorded', 'repeated'));
    expect(await audit()).toMatchObject({
      held: 0n,
      spent: usd('0.75'),
      usage: usd('0.75'),
      records: 3,
    });
  });

  test('at the same time, with room for one alone, is never refused', async () => {
    await setPolicy(ports, tenant, { limit: '100' });
    await create({ runId: 'filler', estimatedCost: usd('98') });
    // A twin that finds no room takes over the money that the other has held: either may open.
    const kinds = new Set(kindsOf(await atOnce(() => create())));
    expect([...kinds].every((kind) => kind === 'created' || kind === 'repeated')).toBe(true);
    expect(kinds.has('created')).toBe(true);
    expect(await audit()).toMatchObject({ held: usd('100'), available: 0n });
  });

  test('answers as before where nothing is left of the budget', async () => {
    await create({ estimatedCost: usd('10') });
    expectKind(await create({ estimatedCost: usd('10') }), 'repeated');
    expectKind(await create({ estimatedCost: usd('10'), pipeline: 'other' }), 'id-reused');
    expectKind(await create({ estimatedCost: usd('9') }), 'id-reused');
    expectKind(await create({ runId: 'r2', estimatedCost: 1n }), 'denied');
    expect(await audit()).toMatchObject({ held: usd('10'), available: 0n });
  });

  test('while the first has held the last money and not yet opened its run, takes that over', async () => {
    const request = { tenant, runId: 'r1', pipeline: 'nightly', estimatedCost: usd('10') };
    const twins: string[] = [];
    const slow = interrupted(ports, 'open child', async () => {
      twins.push((await createRun(ports, request)).kind);
      twins.push((await createRun(ports, { ...request, pipeline: 'other' })).kind);
    });
    expectKind(await createRun(slow, request), 'created');
    expect(twins).toEqual(['created', 'id-reused']);
    expect(await audit()).toMatchObject({ held: usd('10'), available: 0n });
  });

  test('at the same time with other content and the same cost: one of them is granted', async () => {
    for (const limit of ['2', '100']) {
      const runId = `either-${limit}`;
      await setPolicy(ports, tenant, { limit });
      const pipelines = ['a', 'b', 'c', 'd', 'e', 'f'];
      const outcomes = await Promise.all(pipelines.map((pipeline) => create({ runId, pipeline })));
      expect(kindsOf(outcomes).filter((kind) => kind === 'created')).toHaveLength(1);
      expect(kindsOf(outcomes).filter((kind) => kind === 'id-reused')).toHaveLength(5);
      const granted = outcomes.findIndex(({ kind }) => kind === 'created');
      const read = expectKind(await readRun(ports, { tenant, runId }), 'run');
      expect(read.facts.pipeline).toBe(pipelines[granted]);
      await completeRun(ports, { tenant, runId, status: 'cancelled' });
    }
    expect((await audit()).held).toBe(0n);
  });

  test('of a step check, after its usage, is allowed as before and holds nothing for good', async () => {
    await create();
    const first = expectKind(await check('s1'), 'granted').step;
    await report('s1');
    const again = await check('s1');
    expect('step' in again && again.step).toEqual(first);
    expectKind(await report('s1'), 'repeated');
    expectKind(await check('s2', { estimatedCost: usd('1.75') }), 'granted');
    await complete();
    expect(await audit()).toMatchObject({ spent: usd('0.25'), held: 0n, records: 1 });
  });
});
