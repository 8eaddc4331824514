/** An amount of money in nano-USD (a thousand-millionth of a dollar). Always a whole number. */
export type NanoUsd = bigint;

export const NANO_PER_USD = 1_000_000_000n;

/** How many digits an amount may have before and after the point. */
export const USD_WHOLE_DIGITS = 12;
export const USD_DECIMALS = 9;

/** The largest amount the contract can carry: 999,999,999,999.999999999 USD. */
export const MAX_USD: NanoUsd = 10n ** BigInt(USD_WHOLE_DIGITS + USD_DECIMALS) - 1n;

/** Why a text is not an amount; one sentence without the text itself, fit to be shown. */
export interface AmountProblem {
  readonly problem: string;
}

export interface ParseUsdOptions {
  /** Only figures that the product itself works out can be below zero; callers never send them. */
  readonly allowNegative?: boolean;
}

/**
 * One spelling for each amount: a zero padded on the left is refused like an exponent, because a
 * text such as `007` is more often a damaged field than a price.
 */
const PLAIN_DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;

/**
 * Reads a decimal amount in USD exactly, for example `12.50`.
 *
 * @returns nano-USD, or the problem: not a plain decimal, negative, more than 9 decimals or more
 *   than 12 digits before the point. Never throws.
 */
export function parseUsd(text: string, options: ParseUsdOptions = {}): NanoUsd | AmountProblem {
  const match = PLAIN_DECIMAL.exec(text);
  if (match === null) {
    return { problem: 'must be a plain decimal number such as 12.50' };
  }
  const [, sign = '', whole = '', decimals = ''] = match;
  if (sign === '-' && options.allowNegative !== true) return { problem: 'must not be negative' };
  if (whole.length > USD_WHOLE_DIGITS) {
    return { problem: `must have at most ${USD_WHOLE_DIGITS} digits before the point` };
  }
  if (decimals.length > USD_DECIMALS) {
    return { problem: `must have at most ${USD_DECIMALS} decimals` };
  }
  const magnitude = BigInt(whole) * NANO_PER_USD + BigInt(decimals.padEnd(USD_DECIMALS, '0'));
  return sign === '-' ? -magnitude : magnitude;
}

/** True if parseUsd refused the text. */
export function isAmountProblem(parsed: NanoUsd | AmountProblem): parsed is AmountProblem {
  return typeof parsed !== 'bigint';
}

/**
 * Writes nano-USD as decimal USD: at least two decimals, further ones only where they are not
 * zero (`10.00`, `0.000000123`, `-1.25`). parseUsd reads it back to the same amount.
 */
export function formatUsd(amount: NanoUsd): string {
  const magnitude = amount < 0n ? -amount : amount;
  const whole = (magnitude / NANO_PER_USD).toString();
  const decimals = (magnitude % NANO_PER_USD).toString().padStart(USD_DECIMALS, '0');
  const significant = decimals.replace(/0+$/, '').padEnd(2, '0');
  return `${amount < 0n ? '-' : ''}${whole}.${significant}`;
}
