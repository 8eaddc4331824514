import { checkStep } from '../../core/guard/check-step';
import { createRun } from '../../core/guard/create-run';
import type { QuotaPolicy } from '../../core/policy/policy';
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

let engine: TestEngine;
let clock: ManualClock;
let ports: EnginePorts;
let elsewhere: EnginePorts;
let tenant: string;
let tenants = 0;
let runs = 0;

beforeAll(async () => {
  engine = await startTestEngine();
});
afterAll(() => engine.stop());

beforeEach(() => {
  clock = new ManualClock('2026-11-10T12:00:05Z');
  ports = guardPorts(engine, clock);
  elsewhere = guardPorts(engine, clock);
  tenant = `quota-change-${(tenants += 1)}`;
});

const set = (quotas: QuotaPolicy, mode: 'hard-cap' | 'soft-cap' = 'hard-cap') =>
  setPolicy(ports, tenant, { limit: '100', mode, quotas });

/** At a process that remembers the policy that was in force before. */
const create = () =>
  createRun(elsewhere, {
    tenant,
    runId: `r${(runs += 1)}`,
    pipeline: 'nightly',
    estimatedCost: usd('0.01'),
  });

async function admitted(calls: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: calls }, create));
  return answers.filter(({ kind }) => kind === 'created').length;
}

describe(`quotas that change while work is in flight (${ENGINE})`, () => {
  test('a first list of models binds a run that goes on, however busy its process is', async () => {
    await set({});
    expectKind(await create(), 'created');
    const runId = `r${runs}`;
    const check = (stepId: string) =>
      checkStep(elsewhere, {
        tenant,
        runId,
        stepId,
        model: 'gpt-4o',
        estimatedCost: usd('0.000001'),
      });
    expectKind(await check('before'), 'granted');
    await set({ allowedModels: ['gpt-4o-mini'] });
    // A check each second: none of them may make what is remembered look fresh.
    for (let elapsedMs = 1_000; elapsedMs < POLICY_MEMORY_MS; elapsedMs += 1_000) {
      clock.advanceMinutes(1 / 60);
      await check(`after-${elapsedMs}`);
    }
    clock.advanceMinutes(1 / 60);
    expectKind(await check('last'), 'model-not-allowed');
  });

  test('a higher one takes effect on the next call, and adds its difference alone', async () => {
    await set({ requestsPerMinute: 5 });
    expect(await admitted(8)).toBe(5);
    await set({ requestsPerMinute: 7 });
    expect(await admitted(8)).toBe(2);
  });

  test('a lower one binds the next call, in every process', async () => {
    await set({ requestsPerMinute: 9 });
    expect(await admitted(4)).toBe(4);
    await set({ requestsPerMinute: 5 });
    expect(await admitted(8)).toBe(1);
    await set({ requestsPerMinute: 2 });
    const refused = expectKind(await create(), 'requests-exceeded');
    expect(refused.policy.quotas.requestsPerMinute).toBe(2);
  });

  test('hard to soft and back keeps every figure', async () => {
    await set({ requestsPerMinute: 9, tokensPerDay: 50 });
    expect(await admitted(4)).toBe(4);
    const { policyVersion: _first, ...before } = await ports.quotas.store.read(tenant);
    const audit = await auditMonth(ports, tenant, '2026-11');
    for (const mode of ['soft-cap', 'hard-cap'] as const) {
      await set({ requestsPerMinute: 9, tokensPerDay: 50 }, mode);
      expect(await ports.quotas.store.read(tenant)).toMatchObject(before);
      expect(await auditMonth(ports, tenant, '2026-11')).toEqual(audit);
    }
    expect(await admitted(8)).toBe(5);
  });

  test('a quota that is introduced counts from the first call; a removed one refuses none', async () => {
    await set({});
    expect(await admitted(3)).toBe(3);
    await set({ requestsPerMinute: 4 });
    // This process remembers that there are no quotas, and learns of them with its first hold.
    expect(await admitted(1)).toBe(1);
    expect(await admitted(8)).toBe(3);
    await set({});
    expect(await admitted(8)).toBe(8);
  });
});
