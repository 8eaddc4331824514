import * as fc from 'fast-check';
import { MAX_USD, formatUsd, isAmountProblem, parseUsd } from '../../../core/money/nano-usd';

describe('parseUsd', () => {
  test.each([
    ['0', 0n],
    ['0.00', 0n],
    ['10', 10_000_000_000n],
    ['12.50', 12_500_000_000n],
    ['12.5', 12_500_000_000n],
    ['0.05', 50_000_000n],
    ['0.000000001', 1n],
    ['1.000000000', 1_000_000_000n],
    ['999999999999.999999999', MAX_USD],
  ])('reads %s exactly', (text, nanoUsd) => {
    expect(parseUsd(text)).toBe(nanoUsd);
  });

  test.each([
    '',
    ' ',
    ' 1',
    '1 ',
    '1\n',
    '+1',
    '-1',
    '-0',
    '.5',
    '5.',
    '.',
    '1e3',
    '1E3',
    '1e-3',
    'NaN',
    'Infinity',
    '-Infinity',
    '0x10',
    '0b1',
    '1_000',
    '1,000',
    '1,5',
    '$1',
    '1.2.3',
    '01',
    '007.50',
    '00.5',
    '0.0000000001',
    '1.0000000000',
    '1000000000000',
    '١٢',
    '１',
    '1n',
    'null',
    '9'.repeat(10_000),
    `0.${'9'.repeat(10_000)}`,
  ])('refuses %j', (text) => {
    const parsed = parseUsd(text);
    expect(isAmountProblem(parsed)).toBe(true);
  });

  test('reads a negative amount only when asked to', () => {
    expect(parseUsd('-1.25')).toEqual({ problem: 'must not be negative' });
    expect(parseUsd('-1.25', { allowNegative: true })).toBe(-1_250_000_000n);
  });
});

describe('formatUsd', () => {
  test.each([
    [10_000_000_000n, '10.00'],
    [0n, '0.00'],
    [123n, '0.000000123'],
    [-1_250_000_000n, '-1.25'],
    [-1n, '-0.000000001'],
    [12_500_000_000n, '12.50'],
    [100_000_000n, '0.10'],
    [12_345_000_000n, '12.345'],
    [MAX_USD, '999999999999.999999999'],
  ])('writes %s as %s', (nanoUsd, text) => {
    expect(formatUsd(nanoUsd)).toBe(text);
  });
});

describe('round trips', () => {
  test('every amount is read back as itself', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_USD, max: MAX_USD }), (nanoUsd) => {
        expect(parseUsd(formatUsd(nanoUsd), { allowNegative: true })).toBe(nanoUsd);
      }),
    );
  });

  test('every plain decimal is written back without its idle zeros', () => {
    const digits = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 9 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), digits, (whole, decimals) => {
        const text = decimals.length === 0 ? `${whole}` : `${whole}.${decimals.join('')}`;
        const significant = decimals.join('').replace(/0+$/, '').padEnd(2, '0');
        const parsed = parseUsd(text);
        if (isAmountProblem(parsed)) throw new Error(parsed.problem);
        expect(formatUsd(parsed)).toBe(`${whole}.${significant}`);
      }),
    );
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const parsed = parseUsd(text);
        return isAmountProblem(parsed) || parsed >= 0n;
      }),
    );
  });
});
