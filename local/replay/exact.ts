/**
 * The replay's own arithmetic. It shares no code with the product's prices, so that a mistake there
 * shows up here as a difference.
 */
const NANO = 1_000_000_000n;
const TOKENS_PER_RATE = 1_000_000n;
const REQUESTS_PER_RATE = 1_000n;

/** A fraction of whole numbers; the denominator is positive. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The rates that a usage record tells, in USD for a million tokens or a thousand requests. */
export interface RecordedRates {
  readonly inputPerMTokUsd: string;
  readonly outputPerMTokUsd: string;
  readonly perThousandRequestsUsd?: string;
}

/** Reads a decimal text such as `0.15` without loss. */
export function parseDecimal(text: string): Fraction {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) throw new Error(`${text} is not a decimal number`);
  const [, sign = '', whole = '', fraction = ''] = match;
  return {
    numerator: BigInt(`${sign}${whole}${fraction}`),
    denominator: 10n ** BigInt(fraction.length),
  };
}

/** USD text to nano-USD. */
export function parseNanoUsd(text: string): bigint {
  const { numerator, denominator } = parseDecimal(text);
  if ((numerator * NANO) % denominator !== 0n) throw new Error(`${text} is finer than a nano-USD`);
  return (numerator * NANO) / denominator;
}

/** Nano-USD to USD text with at least two decimals. */
export function formatUsd(nanoUsd: bigint): string {
  const size = nanoUsd < 0n ? -nanoUsd : nanoUsd;
  const decimals = (size % NANO)
    .toString()
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${nanoUsd < 0n ? '-' : ''}$${size / NANO}.${decimals}`;
}

/** What one request costs in nano-USD: the exact product, rounded once, halves up. */
export function costNanoUsd(
  tokens: { readonly input: number; readonly output: number },
  rates: RecordedRates,
): bigint {
  const parts: [bigint, string, bigint][] = [
    [BigInt(tokens.input), rates.inputPerMTokUsd, TOKENS_PER_RATE],
    [BigInt(tokens.output), rates.outputPerMTokUsd, TOKENS_PER_RATE],
    [1n, rates.perThousandRequestsUsd ?? '0', REQUESTS_PER_RATE],
  ];
  let numerator = 0n;
  let denominator = 1n;
  for (const [count, rate, per] of parts) {
    const { numerator: n, denominator: d } = parseDecimal(rate);
    numerator = numerator * d * per + count * n * denominator;
    denominator = denominator * d * per;
  }
  return (2n * numerator * NANO + denominator) / (2n * denominator);
}
