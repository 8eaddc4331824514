import { checkStep, type CheckStep } from '../../core/guard/check-step';
import { completeRun } from '../../core/guard/complete-run';
import { createRun } from '../../core/guard/create-run';
import { recordUsage } from '../../core/guard/record-usage';
import type { QuotaPolicy } from '../../core/policy/policy';
import { EMPTY_METER, minuteOf, mostInAnyMinute } from '../../core/quotas/windows';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  auditMonth,
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
  type TermsParts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(240_000);

const DAY = Date.parse('2026-11-10T00:00:00Z') / 86_400_000;
const SECOND = 1 / 60;

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
  clock = new ManualClock('2026-11-10T12:00:05Z');
  ports = guardPorts(engine, clock);
  tenant = `quota-${(tenants += 1)}`;
});

const set = (quotas: QuotaPolicy, budget: Partial<TermsParts> = {}) =>
  setPolicy(ports, tenant, { limit: '100', ...budget, quotas });
const create = (runId: string, cost = '0.01', by = ports) =>
  createRun(by, { tenant, runId, pipeline: 'nightly', estimatedCost: usd(cost) });
const check = (stepId: string, parts: Partial<CheckStep> = {}, by = ports) =>
  checkStep(by, { tenant, runId: 'r', stepId, estimatedCost: usd('0.001'), ...parts });
const withTokens = (input: number, output = 0) => ({ tokens: { input, output } });
const meter = () => ports.quotas.store.read(tenant);
const tokensToday = async () => (await meter()).days[DAY];

/** Calls at the engine while `act` ran. */
async function callsOf(act: () => Promise<unknown>): Promise<{ writes: number; reads: number }> {
  engine.takeCounts();
  await act();
  const counts = Object.entries(engine.takeCounts());
  const sum = (isWrite: boolean) =>
    counts
      .filter(([name]) => /^(Put|Update|Delete)/.test(name) === isWrite)
      .reduce((total, [, count]) => total + count, 0);
  return { writes: sum(true), reads: sum(false) };
}

describe(`requests per minute (${ENGINE})`, () => {
  test('32 callers of four processes on 50 a minute: exactly 50, in each of four minutes', async () => {
    await set({ requestsPerMinute: 50 });
    const processes = [ports, ...[1, 2, 3].map(() => guardPorts(engine, clock))];
    let runs = 0;
    const perMinute = new Map<number, number>();
    const perSecond = Array<number>(240).fill(0);
    const start = clock.nowMs();
    const wave = async () => {
      const answers = await Promise.all(
        Array.from({ length: 32 }, (_, caller) =>
          create(`r${(runs += 1)}`, '0.01', processes[caller % 4]),
        ),
      );
      const admitted = answers.filter(({ kind }) => kind === 'created').length;
      const minute = minuteOf(clock.nowMs());
      perMinute.set(minute, (perMinute.get(minute) ?? 0) + admitted);
      const second = Math.floor((clock.nowMs() - start) / 1_000);
      perSecond[second] = (perSecond[second] ?? 0) + admitted;
    };
    // Right at each turn of the minute, and when those of the minute before are a minute ago.
    for (const second of [0, 0, 55, 61, 61, 115, 116, 122, 122, 175, 176, 177, 183]) {
      clock.moveTo(new Date(start + second * 1_000).toISOString());
      await wave();
    }
    expect([...perMinute.values()]).toEqual([50, 50, 50, 50]);
    const worst = Math.max(
      ...perSecond.map((_, from) =>
        perSecond.slice(from, from + 60).reduce((sum, each) => sum + (each ?? 0), 0),
      ),
    );
    expect(worst).toBeLessThanOrEqual(mostInAnyMinute(50));
    expect((await auditMonth(ports, tenant, '2026-11')).held).toBe(200n * usd('0.01'));
  });

  test('a refusal is told until when, by the second, and changes no counter', async () => {
    await set({ requestsPerMinute: 2 });
    await create('r1');
    await create('r2');
    const before = await meter();
    const refused = expectKind(await create('r3'), 'requests-exceeded');
    expect(refused.retryAfterSeconds).toBe(55);
    expect(refused.standings).toEqual([
      {
        name: 'requests-per-minute',
        quota: 2,
        windowSeconds: 60,
        remaining: 0,
        resetSeconds: 55,
      },
    ]);
    expect(await meter()).toEqual(before);
    clock.advanceMinutes(54 * SECOND);
    expectKind(await create('r3'), 'requests-exceeded');
    clock.advanceMinutes(SECOND);
    expectKind(await create('r3'), 'created');
  });

  test('what comes to nothing, or was granted before, counts nothing', async () => {
    await set({ requestsPerMinute: 10, tokensPerDay: 100 }, { limit: '1' });
    await create('r', '0.5');
    expectKind(await check('s1', withTokens(30)), 'granted');
    const before = await meter();
    expectKind(await check('s1', withTokens(30)), 'repeated');
    expectKind(await check('s1', withTokens(31)), 'id-reused');
    expectKind(await check('s2', { ...withTokens(9), estimatedCost: usd('2') }), 'denied');
    expectKind(await check('s3', { ...withTokens(9), runId: 'none' }), 'not-found');
    expectKind(await check('s4', withTokens(71)), 'tokens-exceeded');
    expectKind(await create('r', '0.5'), 'repeated');
    expectKind(await create('r5', '2'), 'denied');
    expectKind(await check('s6', { ...withTokens(1), dryRun: true }), 'dry-run');
    expect(await meter()).toEqual(before);
    await completeRun(ports, { tenant, runId: 'r', status: 'succeeded' });
    const closed = await meter();
    expectKind(await check('s7', withTokens(1)), 'run-closed');
    expect(await meter()).toEqual(closed);
  });

  test('a granted call is granted again when the quota is used up', async () => {
    await set({ requestsPerMinute: 2 });
    await create('r', '1');
    expectKind(await check('s1'), 'granted');
    expectKind(await check('s2'), 'requests-exceeded');
    expectKind(await check('s1'), 'repeated');
    expectKind(await create('r', '1'), 'repeated');
  });

  test('costs one write, and no read on the normal path', async () => {
    await set({ requestsPerMinute: 50, tokensPerDay: 1_000, allowedModels: ['m'] });
    await ports.policies.latest(tenant);
    expect(await callsOf(() => create('r'))).toEqual({ writes: 3, reads: 0 });
    const step = (stepId: string) => check(stepId, { model: 'm', ...withTokens(5, 5) });
    expect(await callsOf(() => step('s1'))).toEqual({ writes: 2, reads: 0 });
    clock.advanceMinutes(2 * SECOND);
    expect(await callsOf(() => step('s2'))).toEqual({ writes: 2, reads: 0 });
  });

  test('windows gone by leave the item', async () => {
    await set({ requestsPerMinute: 50, tokensPerDay: 1_000 });
    await create('r', '1');
    for (let minute = 0; minute < 5; minute += 1) {
      for (let second = 0; second < 5; second += 1) {
        await check(`s${minute}.${second}`, withTokens(1));
        clock.advanceMinutes(SECOND);
      }
      clock.advanceMinutes(1);
    }
    await check('last', withTokens(1));
    const { minutes, buckets, days } = await meter();
    expect([minutes, buckets, days].map((each) => Object.keys(each).length)).toEqual([1, 1, 1]);
  });
});

describe(`a meter that only short-lived processes have used (${ENGINE})`, () => {
  test('takes requests, and what is gone by is removed with a hundred names a write', async () => {
    await set({ requestsPerMinute: 9 });
    const windows = 600;
    for (let request = 0; request < windows; request += 1) {
      clock.advanceMinutes(2);
      const { applied } = await ports.quotas.store.take({
        tenant,
        policyVersion: 1,
        requests: {
          minute: minuteOf(clock.nowMs()),
          minuteBelow: 9,
          bucket: Math.floor(clock.nowMs() / 1_000),
          bucketBelow: 2,
        },
        seen: EMPTY_METER,
      });
      expect(applied).toBe(true);
    }
    const left = async () => {
      const { minutes, buckets } = await meter();
      return Object.keys(minutes).length + Object.keys(buckets).length;
    };
    expect(await left()).toBe(2 * windows);
    clock.advanceMinutes(2);
    expectKind(await create('first'), 'created');
    expect(await left()).toBe(2 * windows + 2);
    expectKind(await create('second'), 'created');
    expect(await left()).toBe(2 * windows + 2 - 100);
  });
});

describe(`models (${ENGINE})`, () => {
  test.each([
    ['gpt-4o-mini', undefined, true],
    ['gpt-4o-mini', 'azure', true],
    ['gpt-4o', undefined, false],
    ['claude-3-haiku', 'bedrock', true],
    ['claude-3-haiku', 'elsewhere', false],
    ['anything', 'anthropic', true],
    ['claude-sonnet-4-5', undefined, true],
    [undefined, undefined, false],
  ])('%s by %s: %s', async (model, provider, isAllowed) => {
    const allowedModels = ['gpt-4o-mini', 'bedrock/claude-3-haiku', 'anthropic/*'];
    await set({ requestsPerMinute: 9, tokensPerDay: 9, allowedModels });
    await create('r');
    const { kind } = await check('s', { model, provider, ...withTokens(1) });
    expect(kind).toBe(isAllowed ? 'granted' : 'model-not-allowed');
    const { minutes, days } = await meter();
    expect([minutes, days].flatMap(Object.values)).toEqual(isAllowed ? [2, 1] : [1]);
  });
});

describe(`tokens per day (${ENGINE})`, () => {
  beforeEach(async () => {
    await set({ tokensPerDay: 100 });
    await create('r', '10');
  });

  test('reserved by estimate, exactly, by concurrent callers', async () => {
    const answers = await Promise.all(
      Array.from({ length: 32 }, (_, index) => check(`s${index}`, withTokens(3, 4))),
    );
    expect(answers.filter(({ kind }) => kind === 'granted')).toHaveLength(14);
    expect(await tokensToday()).toBe(98);
    expectKind(await check('s', withTokens(3)), 'tokens-exceeded');
    expectKind(await check('s', withTokens(2)), 'granted');
    expect(await tokensToday()).toBe(100);
  });

  test('corrected by usage, given back by completion, counted without a check', async () => {
    const report = (stepId: string, input: number) =>
      recordUsage(ports, {
        tenant,
        runId: 'r',
        stepId,
        cost: 1n,
        tokens: { input, output: 1, cachedInput: 0 },
      });
    await check('less', withTokens(30));
    await check('more', withTokens(30));
    await check('never', withTokens(40));
    await report('less', 9);
    expect(await tokensToday()).toBe(80);
    await report('less', 9);
    expect(await tokensToday()).toBe(80);
    await report('more', 49);
    expect(await tokensToday()).toBe(100);
    await report('unchecked', 19);
    expect(await tokensToday()).toBe(120);
    expectKind(await check('s', withTokens(1)), 'tokens-exceeded');
    // Its own steps are used up, but a run uses no tokens itself.
    expectKind(await create('r2'), 'created');
    await completeRun(ports, { tenant, runId: 'r', status: 'succeeded' });
    expect(await tokensToday()).toBe(80);
    await completeRun(ports, { tenant, runId: 'r', status: 'succeeded' });
    expect(await tokensToday()).toBe(80);
    await report('never', 4);
    expect(await tokensToday()).toBe(85);
  });

  test('usage after midnight corrects the day in which it was reserved', async () => {
    await check('s', withTokens(100));
    clock.moveTo('2026-11-11T00:00:01Z');
    expectKind(await check('s2', withTokens(100)), 'granted');
    const tokens = { input: 50, output: 0, cachedInput: 0 };
    await recordUsage(ports, { tenant, runId: 'r', stepId: 's', cost: 1n, tokens });
    expect((await meter()).days).toEqual({ [DAY]: 50, [DAY + 1]: 100 });
  });
});
