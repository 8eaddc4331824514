import * as fc from 'fast-check';
import type { TenantRate } from '../../../core/policy/policy';
import { CATALOGUE_TABLE } from '../../../core/prices/catalogue.generated';
import { priceReservation, priceUsage } from '../../../core/prices/price';

const AT = new Date('2026-11-30T12:00:00Z');
const OWN: TenantRate = {
  model: 'gpt-4o-mini',
  provider: 'openai',
  inputPerMTokUsd: '0.1',
  outputPerMTokUsd: '0.4',
};

function usage(model: string, inputTokens: number, outputTokens = 0, cachedInputTokens = 0) {
  return { model, inputTokens, outputTokens, cachedInputTokens };
}

function nanoUsd(price: ReturnType<typeof priceUsage>): bigint {
  if (price.kind !== 'priced') throw new Error(`${price.model} has no price`);
  return price.nanoUsd;
}

describe('priceUsage', () => {
  test('is the exact product of tokens and rates', () => {
    expect(priceUsage(usage('gpt-4o-mini', 1_001, 2_003, 500), [], AT)).toEqual({
      kind: 'priced',
      // 501 x 150 + 500 x 75 + 2003 x 600 nano-USD
      nanoUsd: 1_314_450n,
      model: 'gpt-4o-mini',
      provider: 'openai',
      rates: {
        source: 'catalogue',
        catalogueVersion: 'genai-prices 0.1.8',
        inputPerMTokUsd: '0.15',
        outputPerMTokUsd: '0.6',
        cachedInputPerMTokUsd: '0.075',
      },
    });
  });

  test.each([
    ['0.0004', 1, 0n],
    ['0.0005', 1, 1n],
    ['0.0005', 3, 2n],
    ['0.000499999', 1, 0n],
    ['0.0015', 1, 2n],
    ['0.000000001', 499_999, 0n],
    ['0.000000001', 500_000, 1n],
  ])('rounds %s USD per million for %i tokens once, halves up', (rate, tokens, expected) => {
    const rates = [{ ...OWN, inputPerMTokUsd: rate }];
    expect(nanoUsd(priceUsage(usage('gpt-4o-mini', tokens), rates, AT))).toBe(expected);
  });

  test('rounds the sum, not its parts', () => {
    const rates = [{ ...OWN, inputPerMTokUsd: '0.0004', outputPerMTokUsd: '0.0004' }];
    expect(nanoUsd(priceUsage(usage('gpt-4o-mini', 1, 1), rates, AT))).toBe(1n);
  });

  test('prices the whole request at the tier that its input reaches', () => {
    const atStart = priceUsage(usage('gemini-2.5-pro', 200_000, 10), [], AT);
    const beyond = priceUsage(usage('gemini-2.5-pro', 200_001, 10), [], AT);
    expect(nanoUsd(atStart)).toBe(200_000n * 1_250n + 10n * 10_000n);
    expect(nanoUsd(beyond)).toBe(200_001n * 2_500n + 10n * 15_000n);
    expect(atStart).not.toHaveProperty('rates.tier');
    expect(beyond).toHaveProperty('rates.tier', { aboveInputTokens: 200_000 });
  });

  test('takes the price of the day and of the hour', () => {
    const before = priceUsage(usage('o3', 1), [], new Date('2025-06-09T23:59:59.999Z'));
    const after = priceUsage(usage('o3', 1), [], new Date('2025-06-10T00:00:00Z'));
    expect([nanoUsd(before), nanoUsd(after)]).toEqual([10_000n, 2_000n]);
    expect(after).toHaveProperty('rates.since', '2025-06-10');
    const night = priceUsage(usage('deepseek-chat', 1), [], new Date('2026-01-01T00:29:59.999Z'));
    const day = priceUsage(usage('deepseek-chat', 1), [], new Date('2026-01-01T00:30:00Z'));
    expect([nanoUsd(night), nanoUsd(day)]).toEqual([135n, 270n]);
    expect(day).toHaveProperty('rates.hours', '00:30:00-16:30:00');
  });

  test('charges a fee for each request once', () => {
    const price = priceUsage(usage('sonar', 1_000, 0), [], AT);
    expect(nanoUsd(price)).toBe(1_000_000n + 12_000_000n);
    expect(price).toHaveProperty('rates.perThousandRequestsUsd', '12');
  });

  test('says that a name is unknown, with the provider as asked for', () => {
    expect(priceUsage(usage('gpt-99', 1), [], AT)).toEqual({ kind: 'unknown', model: 'gpt-99' });
    expect(priceUsage({ ...usage('gpt-4o', 1), provider: 'nobody' }, [], AT)).toEqual({
      kind: 'unknown',
      model: 'gpt-4o',
      provider: 'nobody',
    });
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'faults on %s tokens',
    (n) => {
      expect(() => priceUsage(usage('gpt-4o', n), [], AT)).toThrow(RangeError);
      expect(() => priceUsage(usage('gpt-4o', 1, n), [], AT)).toThrow(RangeError);
    },
  );

  test('faults on more cached than input tokens', () => {
    expect(() => priceUsage(usage('gpt-4o', 1, 0, 2), [], AT)).toThrow(RangeError);
  });
});

describe('tenant rates', () => {
  test('come first, cached input at full price unless it has a rate', () => {
    const price = priceUsage(usage('gpt-4o-mini', 10, 10, 5), [OWN], AT);
    expect(nanoUsd(price)).toBe(10n * 100n + 10n * 400n);
    expect(price).toMatchObject({ provider: 'openai', rates: { source: 'tenant' } });
    const cached = [{ ...OWN, cachedInputPerMTokUsd: '0.01' }];
    expect(nanoUsd(priceUsage(usage('gpt-4o-mini', 10, 0, 5), cached, AT))).toBe(550n);
  });

  test('price a model that the catalogue does not know', () => {
    const rates = [{ ...OWN, model: 'in-house', provider: 'lab' }];
    expect(priceUsage(usage('in-house', 10), rates, AT)).toMatchObject({ provider: 'lab' });
  });

  test('do not count for another provider', () => {
    const price = priceUsage({ ...usage('gpt-4o-mini', 10), provider: 'azure' }, [OWN], AT);
    expect(price).toMatchObject({ provider: 'azure', rates: { source: 'catalogue' } });
  });

  test('without a provider mean the canonical one, or nobody if several others are given', () => {
    const azure = { ...OWN, provider: 'azure', inputPerMTokUsd: '9' };
    const lab = { ...OWN, provider: 'lab' };
    const both = priceUsage(usage('gpt-4o-mini', 1), [azure, OWN], AT);
    expect(both).toMatchObject({ provider: 'openai', nanoUsd: 100n });
    expect(priceUsage(usage('gpt-4o-mini', 1), [azure], AT)).toMatchObject({ provider: 'azure' });
    expect(priceUsage(usage('gpt-4o-mini', 1), [azure, lab], AT).kind).toBe('unknown');
  });

  test('match a name exactly', () => {
    const price = priceUsage(usage('gpt-4o-mini-2024-07-18', 1), [OWN], AT);
    expect(price).toMatchObject({ rates: { source: 'catalogue', catalogueModel: 'gpt-4o-mini' } });
  });
});

describe('priceReservation', () => {
  test('takes the dearer hour, and a dearer price to come, but none that is past', () => {
    const request = { model: 'deepseek-chat', inputTokens: 1, outputTokens: 0 };
    expect(nanoUsd(priceReservation(request, [], new Date('2026-01-01T20:00:00Z')))).toBe(270n);
    const o3 = { model: 'o3', inputTokens: 1, outputTokens: 0 };
    expect(nanoUsd(priceReservation(o3, [], new Date('2025-01-01T00:00:00Z')))).toBe(10_000n);
    expect(nanoUsd(priceReservation(o3, [], AT))).toBe(2_000n);
    const v4 = { model: 'deepseek-v4-pro', inputTokens: 1, outputTokens: 0 };
    expect(nanoUsd(priceReservation(v4, [], new Date('2026-01-01T20:00:00Z')))).toBe(1_320n);
  });

  test('does not take a tier that the estimate cannot reach', () => {
    const small = { model: 'gemini-2.5-pro', inputTokens: 200_000, outputTokens: 1 };
    expect(nanoUsd(priceReservation(small, [], AT))).toBe(200_000n * 1_250n + 10_000n);
  });

  test('is never below what the same or fewer tokens cost then or later', () => {
    const names = CATALOGUE_TABLE.trim()
      .split('\n')
      .map((row) => row.split(' '));
    const tokens = fc.oneof(fc.nat(300), fc.nat(1_000_000), fc.nat(1_000_000_000));
    const day = 86_400_000;
    const scenario = fc.record({
      row: fc.constantFrom(...names),
      input: tokens,
      output: tokens,
      shares: fc.tuple(fc.nat(100), fc.nat(100), fc.nat(100)),
      start: fc.integer({ min: Date.parse('2024-01-01'), max: Date.parse('2027-01-01') }),
      delay: fc.oneof(fc.nat(day), fc.nat(900 * day)),
      own: fc.boolean(),
      cachedRate: fc.constantFrom(undefined, '0.01', '7'),
    });
    fc.assert(
      fc.property(scenario, ({ row, input, output, shares, start, delay, own, cachedRate }) => {
        const [model = '', starred = ''] = row;
        const provider = starred.replace('*', '');
        const cached = cachedRate === undefined ? {} : { cachedInputPerMTokUsd: cachedRate };
        const rates = own ? [{ ...OWN, model, provider, ...cached }] : [];
        const inputTokens = Math.floor((input * shares[0]) / 100);
        const booked = priceUsage(
          {
            model,
            provider,
            inputTokens,
            outputTokens: Math.floor((output * shares[1]) / 100),
            cachedInputTokens: Math.floor((inputTokens * shares[2]) / 100),
          },
          rates,
          new Date(start + delay),
        );
        const held = priceReservation(
          { model, provider, inputTokens: input, outputTokens: output },
          rates,
          new Date(start),
        );
        expect(nanoUsd(held)).toBeGreaterThanOrEqual(nanoUsd(booked));
      }),
      { numRuns: 3_000 },
    );
  });
});
