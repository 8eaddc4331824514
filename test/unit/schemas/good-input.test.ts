import * as v from 'valibot';
import { readJson } from '../../../lambdas/http/json-text';
import type { Schema } from '../../../lambdas/http/request-input';
import { amountUsd } from '../../../lambdas/schemas/amount';
import { instant, month, pipeline, tags, wholeNumber } from '../../../lambdas/schemas/fields';
import { policyBody, policyBodySchema, policyTermsFromBody } from '../../../lambdas/schemas/policy';
import { checkStepBody, createRunBody, recordUsageBody } from '../../../lambdas/schemas/runs';

/** Reads JSON text as a request body is read. */
function read<T>(schema: Schema<T>, text: string): T {
  const reading = readJson(text);
  if (reading.kind === 'refused') throw new Error(reading.error.message);
  return v.parse(schema, reading.value);
}

test.each([
  ['"12.50"', 12_500_000_000n],
  ['12.50', 12_500_000_000n],
  ['12.5', 12_500_000_000n],
  ['0', 0n],
  ['0.1', 100_000_000n],
  ['1e3', 1_000_000_000_000n],
  ['1E+3', 1_000_000_000_000n],
  ['1.25e1', 12_500_000_000n],
  ['1e-7', 100n],
  ['12.5e-3', 12_500_000n],
  ['1e-9', 1n],
  ['0e5', 0n],
  ['100e-2', 1_000_000_000n],
  ['999999999999.999999999', 999_999_999_999_999_999_999n],
  ['0.123456789', 123_456_789n],
])('the amount %s is read exactly', (text, nanoUsd) => {
  expect(read(amountUsd, text)).toBe(nanoUsd);
});

test.each(['1e-10', '1e12', '-1e0', '1e99', '1.5e-9', '1e-99', '0.30000000000000004'])(
  'the amount %s is refused',
  (text) => {
    expect(() => read(amountUsd, text)).toThrow(v.ValiError);
  },
);

test.each([
  ['2026-11-30T23:59:50Z', '2026-11-30T23:59:50.000Z'],
  ['2026-11-30t23:59:50z', '2026-11-30T23:59:50.000Z'],
  ['2026-11-30T23:59:50.123456789Z', '2026-11-30T23:59:50.123Z'],
  ['2026-11-30T23:59:50.5+00:00', '2026-11-30T23:59:50.500Z'],
  ['2026-12-01T00:30:00+01:00', '2026-11-30T23:30:00.000Z'],
  ['2026-11-30T23:30:00-00:45', '2026-12-01T00:15:00.000Z'],
  ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
])('the time %s is read', (text, iso) => {
  expect(read(instant, JSON.stringify(text)).toISOString()).toBe(iso);
});

test('whole numbers may be written with idle decimals', () => {
  expect(read(wholeNumber(0, 10), '5.0')).toBe(5);
  expect(() => read(wholeNumber(0, 10), '5.1')).toThrow('whole number');
  expect(() => read(wholeNumber(0, 2 ** 53), '9007199254740992.0000000000000000001')).toThrow(
    'whole',
  );
});

test('pipelines, months and tags at their bounds', () => {
  expect(read(pipeline, JSON.stringify('team/a:b@c d'.padEnd(128, 'x')))).toHaveLength(128);
  expect(read(month, '"2026-12"')).toBe('2026-12');
  const most = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`key ${i} of ä`.padEnd(64, 'x'), '']),
  );
  expect(read(tags, JSON.stringify(most))).toEqual(most);
  const emoji = { k: '😀'.repeat(256) };
  expect(read(tags, JSON.stringify(emoji))).toEqual(emoji);
});

test('a run with an estimate', () => {
  const entry = '{"model":"gpt-4o-mini","inputTokens":1000,"outputTokens":10}';
  const full =
    '{"model":"gpt-4o-mini","provider":"openai","inputTokens":0,"outputTokens":0,"count":7}';
  const text = `{"tenant":"acme","pipeline":"p","estimate":[${entry},${full}],"dryRun":true}`;
  expect(read(createRunBody, text)).toEqual({
    tenant: 'acme',
    pipeline: 'p',
    estimate: [
      { model: 'gpt-4o-mini', inputTokens: 1000, outputTokens: 10, count: 1 },
      { model: 'gpt-4o-mini', provider: 'openai', inputTokens: 0, outputTokens: 0, count: 7 },
    ],
    dryRun: true,
  });
});

test('a step needs a cost, or a model and its tokens', () => {
  const tokens = '"estimatedTokens":{"input":5,"output":6}';
  expect(read(checkStepBody, `{"stepId":"s","model":"m",${tokens}}`)).toEqual({
    stepId: 's',
    model: 'm',
    estimatedTokens: { input: 5, output: 6 },
  });
  expect(read(checkStepBody, `{"stepId":"s","estimatedCostUSD":0.5,${tokens}}`)).toHaveProperty(
    'estimatedCostUSD',
    500_000_000n,
  );
  expect(() => read(checkStepBody, `{"stepId":"s",${tokens}}`)).toThrow('is required to price');
  expect(() => read(checkStepBody, '{"stepId":"s","model":"m"}')).toThrow('is required, or model');
});

test('usage by tokens has no cached input unless it says so', () => {
  expect(read(recordUsageBody, '{"tokens":{"input":5,"output":6}}')).toEqual({
    tokens: { input: 5, output: 6, cachedInput: 0 },
  });
  expect(() => read(recordUsageBody, '{}')).toThrow('is required, or costUSD');
});

describe('policies', () => {
  test('have defaults for all that may be left out', () => {
    const body = read(policyBodySchema, '{"budget":{"mode":"hard-cap","limitUSD":0}}');
    expect(policyTermsFromBody(body)).toEqual({
      budget: {
        mode: 'hard-cap',
        limitNanoUsd: 0n,
        gracePercent: 10,
        alertThresholds: [50, 80, 90, 100],
        onGraceExceeded: 'allow',
      },
      quotas: {},
      rates: [],
    });
  });

  test('are answered in a form that a PUT takes again and that changes nothing', () => {
    const text = JSON.stringify({
      budget: {
        mode: 'soft-cap',
        limitUSD: '12.5',
        gracePercent: 0,
        alertThresholds: [100, 50],
        onGraceExceeded: 'deny',
      },
      quotas: {
        requestsPerMinute: 60,
        tokensPerDay: 1_000_000_000_000,
        allowedModels: ['gpt-4o-mini', 'openai/*', 'openai/gpt-4o'],
      },
      rates: [
        { model: 'm', provider: 'p', inputPerMTokUSD: '0.1', outputPerMTokUSD: 2 },
        {
          model: 'm',
          provider: 'q',
          inputPerMTokUSD: '1000000',
          outputPerMTokUSD: '0.000000001',
          cachedInputPerMTokUSD: '0',
        },
      ],
    });
    const terms = policyTermsFromBody(read(policyBodySchema, text));
    expect(terms.budget.alertThresholds).toEqual([50, 100]);
    const answered = policyBody(terms);
    expect(answered.budget.limitUSD).toBe('12.50');
    expect(answered.rates[1]).toEqual({
      model: 'm',
      provider: 'q',
      inputPerMTokUSD: '1000000.00',
      outputPerMTokUSD: '0.000000001',
      cachedInputPerMTokUSD: '0.00',
    });
    expect(policyTermsFromBody(read(policyBodySchema, JSON.stringify(answered)))).toEqual(terms);
  });

  test('refuse two rates for one model of one provider', () => {
    const rate = { model: 'm', provider: 'p', inputPerMTokUSD: '1', outputPerMTokUSD: '1' };
    const budget = { mode: 'hard-cap', limitUSD: '1' };
    const text = JSON.stringify({ budget, rates: [rate, { ...rate, inputPerMTokUSD: '2' }] });
    expect(() => read(policyBodySchema, text)).toThrow('is given twice');
  });
});
