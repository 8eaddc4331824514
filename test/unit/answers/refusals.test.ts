import type { QuotaRefusal } from '../../../core/guard/admission';
import type { BudgetView } from '../../../core/guard/month-account';
import type { QuotaStanding } from '../../../core/quotas/take-quota';
import type { ProblemReply } from '../../../lambdas/http/problem';
import {
  hardCapHit,
  idReused,
  noSuchRun,
  policyNotFound,
  priceUnknown,
  quotaRefused,
  runClosed,
  type MeteredRequest,
} from '../../../lambdas/answers/refusals';
import { policyWith } from '../../support/policies';

const CONSOLE = 'https://console.example.com';

const BUDGET: BudgetView = {
  tenant: 'acme',
  month: '2026-11',
  mode: 'hard-cap',
  limit: 10_000_000_000n,
  spent: 9_900_000_000n,
  reserved: 80_000_000n,
  remaining: 20_000_000n,
  resetsAt: '2026-12-01T00:00:00Z',
  asOf: '2026-11-30T12:00:05.000Z',
};
const RUN = { budget: BUDGET, requested: 50_000_000n, pipeline: 'nightly', runId: 'run-1' };

function requestsExceeded(requestsPerMinute: number, retryAfterSeconds: number): QuotaRefusal {
  const policy = policyWith({ requestsPerMinute });
  const standings = [
    {
      name: 'requests-per-minute' as const,
      quota: requestsPerMinute,
      windowSeconds: 60,
      remaining: 0,
      resetSeconds: retryAfterSeconds,
    },
  ];
  return { kind: 'requests-exceeded', retryAfterSeconds, standings, policy };
}

function tokensExceeded(tokensPerDay: number, left: number, seconds: number): QuotaRefusal {
  const standing: QuotaStanding = {
    name: 'tokens-per-day',
    quota: tokensPerDay,
    windowSeconds: 86_400,
    remaining: left,
    resetSeconds: seconds,
  };
  const policy = policyWith({ tokensPerDay });
  return { kind: 'tokens-exceeded', retryAfterSeconds: seconds, standings: [standing], policy };
}

function notAllowed(model: string | undefined): QuotaRefusal {
  return { kind: 'model-not-allowed', model, policy: policyWith({ allowedModels: ['m'] }) };
}

describe('a budget that has too little left', () => {
  test('is told with figures that add up', () => {
    const { status, body } = hardCapHit(RUN, CONSOLE);
    expect(status).toBe(402);
    expect(body).toEqual({
      type: 'urn:maestro-billing:problem:budget-hard-cap-hit',
      title: 'The budget does not allow this',
      status: 402,
      detail:
        'This run needs 0.05 USD, but 0.02 USD is left of the 10.00 USD budget for 2026-11; ' +
        'it starts anew on 2026-12-01, and an override can be asked for before.',
      code: 'BUDGET_HARD_CAP_HIT',
      month: '2026-11',
      limitUSD: '10.00',
      spentUSD: '9.90',
      reservedUSD: '0.08',
      requestedUSD: '0.05',
      remainingUSD: '0.02',
      resetsAt: '2026-12-01T00:00:00Z',
      pipeline: 'nightly',
      runId: 'run-1',
      runbook: '/docs/maestro/runbooks/budget-override',
      overrideUrl: `${CONSOLE}/overrides/new?tenant=acme&runId=run-1&amountUSD=0.05&month=2026-11`,
    });
  });

  test('names the step, and does not say that less than nothing is left', () => {
    const budget = { ...BUDGET, spent: 10_500_000_000n, remaining: -580_000_000n };
    const { body } = hardCapHit({ ...RUN, budget, stepId: 'summarise-1' }, CONSOLE);
    expect(body.detail).toMatch(
      /^Step summarise-1 needs 0\.05 USD, but nothing is left of the 10\.00 USD budget for 2026-11;/,
    );
    expect(body).toMatchObject({ stepId: 'summarise-1', remainingUSD: '-0.58' });
  });
});

describe('a quota of requests', () => {
  test.each([
    [60, 12, 'The quota of 60 requests a minute is used up; try again in 12 seconds.'],
    [1, 1, 'The quota of 1 request a minute is used up; try again in 1 second.'],
    [
      1_000_000,
      60,
      'The quota of 1,000,000 requests a minute is used up; try again in 60 seconds.',
    ],
  ])('of %i, %i s before the next one', (quota, seconds, detail) => {
    const { status, body, headers } = quotaRefused(requestsExceeded(quota, seconds));
    expect([status, body.code, body.detail]).toEqual([429, 'RPM_QUOTA_EXCEEDED', detail]);
    expect(body).toMatchObject({ requestsPerMinute: quota, retryAfterSeconds: seconds });
    expect(headers).toEqual({
      'Retry-After': String(seconds),
      'RateLimit-Policy': `"requests-per-minute";q=${quota};w=60`,
      RateLimit: `"requests-per-minute";r=0;t=${seconds}`,
    });
  });
});

describe('a quota of tokens', () => {
  const step = (tokens: number | undefined): MeteredRequest => ({ stepId: 's1', tokens });

  test.each<[string, QuotaRefusal, MeteredRequest, string]>([
    [
      'that is nearly used up',
      tokensExceeded(1_000_000, 1_200, 41_234),
      step(4_500),
      'Step s1 may use 4,500 tokens, but of the quota of 1,000,000 tokens a day only 1,200 are left; it starts anew at midnight UTC, in about 12 hours.',
    ],
    [
      'with one token left',
      tokensExceeded(100, 1, 7_200),
      step(2),
      'Step s1 may use 2 tokens, but of the quota of 100 tokens a day only 1 is left; it starts anew at midnight UTC, in about 120 minutes.',
    ],
    [
      'that is used up',
      tokensExceeded(100, 0, 61),
      step(1),
      'The quota of 100 tokens a day is used up; it starts anew at midnight UTC, in 61 seconds.',
    ],
    [
      'that is used up, for a step of which nobody knows the tokens',
      tokensExceeded(100, 0, 121),
      step(undefined),
      'The quota of 100 tokens a day is used up; it starts anew at midnight UTC, in about 3 minutes.',
    ],
    [
      'that no day would allow',
      tokensExceeded(4_000, 0, 86_400),
      step(4_001),
      'Step s1 may use 4,001 tokens, which is more than the quota of 4,000 tokens a day; it takes a smaller estimate, or a larger quota.',
    ],
  ])('%s', (_name, refused, asked, detail) => {
    const { status, body } = quotaRefused(refused, asked);
    expect([status, body.code, body.detail]).toEqual([429, 'TOKENS_PER_DAY_EXCEEDED', detail]);
  });

  test('is told with its figures', () => {
    const { body, headers } = quotaRefused(tokensExceeded(1_000_000, 1_200, 41_234), step(4_500));
    expect(body).toMatchObject({
      tokensPerDay: 1_000_000,
      remainingTokens: 1_200,
      requestedTokens: 4_500,
      retryAfterSeconds: 41_234,
    });
    expect(headers?.['Retry-After']).toBe('41234');
    const run = quotaRefused(tokensExceeded(1_000_000, 0, 5));
    expect(JSON.parse(JSON.stringify(run.body))).not.toHaveProperty('requestedTokens');
  });
});

describe('a model that the policy does not allow', () => {
  test.each<[string | undefined, string | undefined, string]>([
    [
      'gpt-4o',
      undefined,
      "The model gpt-4o is not among those that this tenant may use; choose another one, or have the tenant's policy changed.",
    ],
    [
      'gpt-4o',
      'azure',
      "The model azure/gpt-4o is not among those that this tenant may use; choose another one, or have the tenant's policy changed.",
    ],
    [
      undefined,
      'azure',
      'This tenant may use certain models only, so every step has to name its model.',
    ],
  ])('%s of %s', (model, provider, detail) => {
    const { status, body, headers } = quotaRefused(notAllowed(model), { stepId: 's', provider });
    expect([status, body.code, body.detail]).toEqual([403, 'MODEL_NOT_ALLOWED', detail]);
    expect([body['model'], body['provider'], headers]).toEqual([model, provider, undefined]);
  });
});

describe('every sentence', () => {
  const all: Readonly<Record<string, ProblemReply>> = {
    run: hardCapHit(RUN, CONSOLE),
    step: hardCapHit({ ...RUN, stepId: 's' }, CONSOLE),
    noSuchRun: noSuchRun(),
    runClosed: runClosed(),
    policyNotFound: policyNotFound(),
    runIdReused: idReused('run', 'run-1'),
    stepIdReused: idReused('step', 's'),
    price: priceUnknown({ model: 'm' }),
    priceOfProvider: priceUnknown({ model: 'm', provider: 'p' }),
    requests: quotaRefused(requestsExceeded(5, 5)),
    tokens: quotaRefused(tokensExceeded(5, 1, 5), { stepId: 's', tokens: 3 }),
    manyTokens: quotaRefused(tokensExceeded(5, 1, 5), { stepId: 's', tokens: 6 }),
    model: quotaRefused(notAllowed('m')),
    noModel: quotaRefused(notAllowed(undefined)),
  };

  test.each(Object.entries(all))('%s is one that a person can be shown', (_name, { body }) => {
    expect(body.detail).toMatch(/^[A-Z][^.]*(\.\d[^.]*)*\.$/);
    expect(body.detail).not.toMatch(/undefined|null|NaN|nano|[A-Z]{2,}_|[a-z][A-Z]|\b\d+n\b/);
    // Texts, numbers and booleans alone: a bigint would not be JSON.
    expect(() => JSON.stringify(body)).not.toThrow();
  });
});
