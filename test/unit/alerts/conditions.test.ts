import { noticeBudget, raiseDrift, raiseHardCapHit } from '../../../core/alerts/budget-alerts';
import { raiseQuotaDenial } from '../../../core/alerts/quota-alerts';
import { monthTerms } from '../../../core/guard/month-account';
import { newAccount, type Account } from '../../../core/ledger/account';
import type { BudgetPolicy } from '../../../core/policy/policy';
import { alertCenter } from '../../support/alert-center';
import { policyWith } from '../../support/policies';

const USD = 1_000_000_000n;
const WHERE = { tenant: 'acme', month: '2026-11' } as const;

/** A month of ten dollars, this much of it held, in cents. */
function month(cents: bigint, budget: Partial<BudgetPolicy> = {}, before?: Account): Account {
  const policy = policyWith({});
  const terms = monthTerms({ ...policy, budget: { ...policy.budget, ...budget } }, before);
  const held = cents * (USD / 100n);
  const account = newAccount(terms);
  return { ...account, available: account.limit - held, holds: { 'run~0.aaaaaaaa': held } };
}

function raised(center: ReturnType<typeof alertCenter>): string[] {
  return center.bus.taken.map(
    ({ type, severity, condition }) => `${type} ${severity}: ${condition}`,
  );
}

const CROSSED = {
  50: 'BUDGET_THRESHOLD_CROSSED info: limit 1, 50 %',
  80: 'BUDGET_THRESHOLD_CROSSED warning: limit 1, 80 %',
  90: 'BUDGET_THRESHOLD_CROSSED warning: limit 1, 90 %',
  100: 'BUDGET_THRESHOLD_CROSSED warning: limit 1, 100 %',
} as const;

describe('thresholds of a budget', () => {
  test.each([
    [499n, []],
    [500n, [CROSSED[50]]],
    [799n, [CROSSED[50]]],
    [800n, [CROSSED[50], CROSSED[80]]],
    [1_000n, Object.values(CROSSED)],
  ])('at %i cents of ten dollars', async (cents, expected) => {
    const center = alertCenter();
    await noticeBudget(center.ports, WHERE, month(cents), {});
    expect(raised(center)).toEqual(expected);
  });

  test('are told once, also when spend falls and rises again', async () => {
    const center = alertCenter();
    for (const cents of [0n, 500n, 499n, 500n, 850n, 100n, 850n]) {
      await noticeBudget(center.anotherProcess(), WHERE, month(cents), {});
    }
    expect(raised(center)).toEqual([CROSSED[50], CROSSED[80]]);
    expect([...center.store.alerts.values()].map(({ count }) => count)).toEqual([1, 1]);
  });

  test('are told again for another limit, and not for the same one set anew', async () => {
    const center = alertCenter();
    const first = month(500n);
    await noticeBudget(center.ports, WHERE, first, {});
    await noticeBudget(center.ports, WHERE, month(500n, { gracePercent: 5 }, first), {});
    expect(raised(center)).toEqual([CROSSED[50]]);
    const raisedLimit = month(1_000n, { limitNanoUsd: 20n * USD }, first);
    await noticeBudget(center.ports, WHERE, raisedLimit, {});
    expect(raised(center).slice(1)).toEqual(['BUDGET_THRESHOLD_CROSSED info: limit 2, 50 %']);
    await noticeBudget(center.ports, { ...WHERE, month: '2026-12' }, month(500n), {});
    expect(raised(center)).toHaveLength(3);
  });

  test('of a budget of nothing are crossed by something alone', async () => {
    const center = alertCenter();
    const none = { mode: 'soft-cap', limitNanoUsd: 0n, alertThresholds: [100] } as const;
    await noticeBudget(center.ports, WHERE, month(0n, none), {});
    expect(raised(center)).toEqual([]);
    await noticeBudget(center.ports, WHERE, month(1n, none), {});
    expect(raised(center)).toContain(CROSSED[100]);
  });

  test('name who was at it, with the figures', async () => {
    const center = alertCenter();
    const actor = { pipeline: 'nightly', runId: 'run-1', stepId: 's-1' };
    await noticeBudget(center.ports, WHERE, month(512n), actor);
    expect(center.bus.taken).toMatchObject([
      {
        ...WHERE,
        ...actor,
        figures: { limit: 10n * USD, spent: 0n, reserved: 5_120_000_000n },
        summary: 'acme has committed 5.12 USD, 50 % or more of its 10.00 USD budget for 2026-11.',
        runbook: '/docs/maestro/runbooks/budget-threshold-crossed',
      },
    ]);
  });
});

describe('a soft cap', () => {
  const SOFT = { mode: 'soft-cap', alertThresholds: [] } as const;
  const OVER = 'BUDGET_SOFT_CAP_EXCEEDED warning: limit 1';
  const BEYOND = 'BUDGET_GRACE_EXCEEDED critical: limit 1';

  test.each([
    [1_000n, []],
    [1_001n, [OVER]],
    [1_100n, [OVER]],
    [1_101n, [OVER, BEYOND]],
  ])('at %i cents of ten dollars and one of grace', async (cents, expected) => {
    const center = alertCenter();
    await noticeBudget(center.ports, WHERE, month(cents, SOFT), {});
    expect(raised(center)).toEqual(expected);
  });

  test('says by how much it is over', async () => {
    const center = alertCenter();
    await noticeBudget(center.ports, WHERE, month(1_250n, SOFT), {});
    expect(center.bus.taken.map(({ summary }) => summary)).toEqual([
      'acme is 2.50 USD over its soft budget of 10.00 USD for 2026-11.',
      'acme is 2.50 USD over its soft budget of 10.00 USD for 2026-11, beyond its grace of 10 %.',
    ]);
  });

  test('that is hard is never over', async () => {
    const center = alertCenter();
    await noticeBudget(center.ports, WHERE, month(1_250n, { alertThresholds: [] }), {});
    expect(raised(center)).toEqual([]);
  });
});

describe('a hard cap that refuses', () => {
  const denied = { requested: USD / 20n, runId: 'run-1' };

  test('pages once a day and limit, and counts the rest', async () => {
    const center = alertCenter();
    const full = month(1_000n);
    for (let hit = 0; hit < 5; hit += 1) await raiseHardCapHit(center.ports, WHERE, full, denied);
    center.clock.moveTo('2026-11-30T23:59:59.999Z');
    await raiseHardCapHit(center.ports, WHERE, full, denied);
    expect([...center.store.alerts.values()].map(({ count }) => count)).toEqual([6]);
    const raisedLimit = month(1_100n, { limitNanoUsd: 11n * USD }, full);
    await raiseHardCapHit(center.ports, WHERE, raisedLimit, denied);
    expect(raised(center)).toEqual([
      'BUDGET_HARD_CAP_HIT critical: limit 1, 2026-11-30',
      'BUDGET_HARD_CAP_HIT critical: limit 2, 2026-11-30',
    ]);
  });

  test('pages again on the next day', async () => {
    const center = alertCenter();
    center.clock.moveTo('2026-11-29T23:59:59.999Z');
    await raiseHardCapHit(center.ports, WHERE, month(1_000n), denied);
    center.clock.moveTo('2026-11-30T00:00:00Z');
    await raiseHardCapHit(center.ports, WHERE, month(1_000n), denied);
    expect(center.bus.taken).toHaveLength(2);
    expect(center.bus.taken[1]).toMatchObject({
      requested: denied.requested,
      runId: 'run-1',
      summary: 'acme was refused 0.05 USD: its 10.00 USD budget for 2026-11 does not allow it.',
      runbook: '/docs/maestro/runbooks/budget-override',
    });
  });
});

describe('a quota that refuses', () => {
  const quotas = { requestsPerMinute: 50, tokensPerDay: 1_000, allowedModels: ['m'] };

  /** At each time, under each version of the policy: how many alerts there are then. */
  async function sentAt(
    kind: Parameters<typeof raiseQuotaDenial>[2],
    denials: readonly (readonly [time: string, version?: number, model?: string])[],
  ): Promise<number[]> {
    const center = alertCenter();
    const sent: number[] = [];
    for (const [time, version = 1, model] of denials) {
      center.clock.moveTo(time);
      await raiseQuotaDenial(center.ports, policyWith(quotas, version), kind, { model });
      sent.push(center.bus.taken.length);
    }
    return sent;
  }

  test('of requests pages once an hour and policy', async () => {
    const sent = await sentAt('requests-exceeded', [
      ['2026-11-30T12:00:00Z'],
      ['2026-11-30T12:59:59.999Z'],
      ['2026-11-30T13:00:00Z'],
      ['2026-11-30T13:00:01Z', 2],
    ]);
    expect(sent).toEqual([1, 1, 2, 3]);
  });

  test('of tokens pages once a day and policy', async () => {
    const sent = await sentAt('tokens-exceeded', [
      ['2026-11-29T00:00:00Z'],
      ['2026-11-29T23:59:59.999Z'],
      ['2026-11-30T00:00:00Z'],
      ['2026-11-30T00:00:01Z', 2],
    ]);
    expect(sent).toEqual([1, 1, 2, 3]);
  });

  test('of models pages once a day and policy, whatever the callers name', async () => {
    const sent = await sentAt('model-not-allowed', [
      ['2026-11-30T00:00:00Z', 1, 'a'],
      ['2026-11-30T23:00:00Z', 1, 'a'],
      ['2026-11-30T23:00:00Z', 1, 'b'],
      ['2026-11-30T23:00:00Z', 1],
      ['2026-11-30T23:00:00Z', 2, 'a'],
      ['2026-12-01T00:00:00Z', 2, 'a'],
    ]);
    expect(sent).toEqual([1, 1, 1, 1, 2, 3]);
  });

  test.each([
    ['requests-exceeded', undefined, 'acme was refused a request: its quota is 50 a minute.'],
    ['tokens-exceeded', undefined, 'acme was refused a step: its quota is 1000 tokens a day.'],
    ['model-not-allowed', 'x', 'acme was refused the model x: its policy does not allow it.'],
    [
      'model-not-allowed',
      undefined,
      'acme was refused a step that names no model: its policy does not allow it.',
    ],
  ] as const)('%s with model %s says so', async (kind, model, summary) => {
    const center = alertCenter();
    const actor = { runId: 'run-1', pipeline: 'nightly', model };
    await raiseQuotaDenial(center.ports, policyWith(quotas), kind, actor);
    const [alert] = center.bus.taken;
    expect(alert).toMatchObject({ summary, severity: 'warning', month: '2026-11', runId: 'run-1' });
    expect(alert).not.toHaveProperty('model');
  });
});

test('an account that does not add up pages once a day', async () => {
  const center = alertCenter();
  for (let sweep = 0; sweep < 3; sweep += 1) await raiseDrift(center.ports, WHERE, -USD / 4n);
  expect(raised(center)).toEqual(['LEDGER_DRIFT critical: 2026-11-30']);
  expect(center.bus.taken[0]?.summary).toBe(
    'The account of acme for 2026-11 does not add up: it is off by -0.25 USD.',
  );
});
