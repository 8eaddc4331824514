import * as fc from 'fast-check';
import { UsageReportError } from '../../../index';
import { formatUsd, MAX_USD, parseUsd } from '../../../core/money/nano-usd';
import { type UsageReport, UsageTally } from '../../../lambdas/budget-guard/usage-tally';

function tallied(reports: readonly UsageReport[], planned = {}): UsageTally {
  const tally = new UsageTally(planned);
  for (const report of reports) tally.add(report);
  return tally;
}

test('costs add up to the nano-dollar, in any order', () => {
  const cost = fc.bigInt({ min: 0n, max: MAX_USD / 100n });
  fc.assert(
    fc.property(fc.array(cost, { minLength: 1, maxLength: 40 }), (costs) => {
      const tally = tallied(costs.map((amount) => ({ costUSD: formatUsd(amount) })));
      const sum = costs.reduce((total, amount) => total + amount, 0n);
      expect(parseUsd(tally.total().costUSD ?? '')).toBe(sum);
      expect(tallied([tally.total()]).total()).toEqual(tally.total());
    }),
  );
});

test('tokens add up', () => {
  const count = fc.nat(1_000_000_000);
  const tokens = fc.tuple(count, count, fc.nat(100)).map(([input, output, cached]) => ({
    input: input + cached,
    output,
    cachedInput: cached,
  }));
  fc.assert(
    fc.property(fc.array(tokens, { minLength: 1, maxLength: 40 }), (reports) => {
      const { tokens: total } = tallied(reports.map((one) => ({ tokens: one }))).total();
      const sum = (key: 'input' | 'output' | 'cachedInput') =>
        reports.reduce((running, one) => running + one[key], 0);
      expect(total).toEqual({
        input: sum('input'),
        output: sum('output'),
        cachedInput: sum('cachedInput'),
      });
    }),
  );
});

test('the model is the reported one, else the planned one', () => {
  const planned = { model: 'gpt-4o-mini', provider: 'openai' };
  expect(tallied([{ costUSD: '1' }], planned).total()).toMatchObject(planned);
  expect(tallied([{ costUSD: '1', model: 'gpt-4o' }], planned).total()).toMatchObject({
    model: 'gpt-4o',
    provider: 'openai',
  });
  expect(tallied([{ costUSD: '1' }]).total()).toEqual({ costUSD: '1.00' });
});

test('tags are put together, the later ones winning', () => {
  const tally = tallied([
    { costUSD: '1', tags: { a: '1', b: '1' } },
    { costUSD: '1', tags: { b: '2' } },
  ]);
  expect(tally.total().tags).toEqual({ a: '1', b: '2' });
});

test('reports of several models add up if they carry costs', () => {
  const tally = tallied([
    { costUSD: '1', model: 'gpt-4o', tokens: { input: 1, output: 2 } },
    { costUSD: '2', model: 'gpt-4o-mini', tokens: { input: 3, output: 4 } },
  ]);
  expect(tally.total()).toMatchObject({ costUSD: '3.00', model: 'gpt-4o' });
});

const tokens = { input: 10, output: 1 };
const tooManyTags = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`t${n}`, 'x']));

test.each<[string, UsageReport]>([
  ['nothing', {}],
  ['a negative cost', { costUSD: '-1' }],
  ['an exponent', { costUSD: '1e-3' }],
  ['ten decimals', { costUSD: '0.0000000001' }],
  ['a float', { costUSD: 0.1 as unknown as string }],
  ['negative tokens', { tokens: { input: -1, output: 0 } }],
  ['half a token', { tokens: { input: 0.5, output: 0 } }],
  ['NaN tokens', { tokens: { input: Number.NaN, output: 0 } }],
  ['missing output', { tokens: { input: 1 } as unknown as typeof tokens }],
  ['more cached than input', { tokens: { ...tokens, cachedInput: 11 } }],
  ['too many tags', { costUSD: '1', tags: tooManyTags }],
  ['a long tag key', { costUSD: '1', tags: { ['k'.repeat(65)]: '' } }],
  ['a long tag value', { costUSD: '1', tags: { k: 'v'.repeat(257) } }],
])('%s is refused and remembered', (_what, report) => {
  const tally = tallied([{ costUSD: '0.01', tokens }]);
  expect(() => tally.add(report)).toThrow(UsageReportError);
  expect(tally.isIncomplete).toBe(true);
  expect(tally.isEmpty).toBe(false);
  expect(tally.total()).toMatchObject({ costUSD: '0.01' });
});

test.each<[string, UsageReport[]]>([
  ['tokens after a cost', [{ costUSD: '1' }, { tokens }]],
  ['a cost after tokens', [{ tokens }, { costUSD: '1', tokens }]],
  [
    'tokens of another model',
    [
      { tokens, model: 'a' },
      { tokens, model: 'b' },
    ],
  ],
  [
    'tokens of another provider',
    [
      { tokens, provider: 'a' },
      { tokens, provider: 'b' },
    ],
  ],
  [
    'tokens past what a number holds',
    [
      { tokens: { input: Number.MAX_SAFE_INTEGER, output: 0 } },
      { tokens: { input: 1, output: 0 } },
    ],
  ],
])('%s cannot be priced in one record', (_what, [first, second]) => {
  const tally = tallied([first!]);
  expect(() => tally.add(second!)).toThrow(UsageReportError);
  expect(tally.isIncomplete).toBe(true);
});

test('tokens of the planned model may name it or not', () => {
  const reports = [{ tokens }, { tokens, model: 'a' }, { tokens, provider: 'p' }];
  expect(tallied(reports, { model: 'a', provider: 'p' }).total()).toMatchObject({
    tokens: { input: 30, output: 3 },
  });
});
