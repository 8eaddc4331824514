/**
 * A rate in femto-USD (10^-15 USD) per token. USD for a million tokens with up to 9 decimals is a
 * whole number of these, so that no rate is ever rounded.
 */
export type FemtoUsdPerToken = bigint;

export const FEMTO_PER_NANO = 1_000_000n;

const RATE_DECIMALS = 9;
const FEMTO_PER_MTOK_USD = 1_000_000_000n;
const PLAIN_DECIMAL = /^([0-9]{1,12})(?:\.([0-9]{1,9}))?$/;

/**
 * Reads a rate in USD per million tokens, for example `0.075`.
 *
 * @throws RangeError if the text is no plain decimal with at most 9 decimals. Rates from callers
 *   are checked when the policy is written, so such a text here is a fault.
 */
export function parseRate(usdPerMTok: string): FemtoUsdPerToken {
  const match = PLAIN_DECIMAL.exec(usdPerMTok);
  if (match === null) throw new RangeError(`not a rate in USD per million tokens: ${usdPerMTok}`);
  const [, whole = '', decimals = ''] = match;
  return BigInt(whole) * FEMTO_PER_MTOK_USD + BigInt(decimals.padEnd(RATE_DECIMALS, '0'));
}

/** Writes a rate as USD per million tokens, without idle zeros: `3`, `0.075`. */
export function formatRate(rate: FemtoUsdPerToken): string {
  const decimals = (rate % FEMTO_PER_MTOK_USD).toString().padStart(RATE_DECIMALS, '0');
  const significant = decimals.replace(/0+$/, '');
  const whole = (rate / FEMTO_PER_MTOK_USD).toString();
  return significant === '' ? whole : `${whole}.${significant}`;
}

/** Rounds femto-USD to the nearest nano-USD, halves up. */
export function roundToNano(femtoUsd: bigint): bigint {
  return (femtoUsd + FEMTO_PER_NANO / 2n) / FEMTO_PER_NANO;
}
