import type { Account } from '../ledger/account';
import type { NanoUsd } from '../money/nano-usd';
import type { AppliedRates } from '../prices/price';
import type { Tags } from './run-facts';

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  /** Part of `input`. */
  readonly cachedInput: number;
}

/** How a usage record's cost came about; texts and numbers, kept for good. */
export type CostBasis = { readonly source: 'caller' } | AppliedRates;

/** What a usage record keeps beside its cost. */
export interface UsageFacts {
  /** When the usage happened, RFC 3339 with milliseconds, UTC. */
  readonly date: string;
  readonly recordedAt: string;
  readonly runId: string;
  readonly stepId: string;
  readonly pipeline: string;
  readonly model: string | null;
  readonly provider: string | null;
  /** Absent where the caller reported a cost and no tokens. */
  readonly tokens?: TokenCounts | undefined;
  readonly tags: Tags;
  readonly rates: CostBasis;
  /** The catalogue in force when the cost was worked out. */
  readonly catalogueVersion: string;
  /** What was reserved for the step; 0n without a step check. */
  readonly reserved: NanoUsd;
  /** Digest of the report: the same step reported otherwise is a mistake. */
  readonly fingerprint: string;
  /** Digest of the step check's content, where there was one. */
  readonly checkedWith?: string | undefined;
  /** The step's estimate in tokens, where its check gave one. */
  readonly estimatedTokens?: { readonly input: number; readonly output: number } | undefined;
  /** Reported after the run had closed. */
  readonly late?: boolean;
}

export function usageFacts(usage: Account): UsageFacts {
  const facts = usage.facts as unknown as UsageFacts;
  const { tokens, estimatedTokens, rates } = facts;
  return {
    ...facts,
    rates: ratesOf(rates),
    ...(tokens === undefined
      ? {}
      : {
          tokens: {
            input: Number(tokens.input),
            output: Number(tokens.output),
            cachedInput: Number(tokens.cachedInput),
          },
        }),
    ...(estimatedTokens === undefined
      ? {}
      : {
          estimatedTokens: {
            input: Number(estimatedTokens.input),
            output: Number(estimatedTokens.output),
          },
        }),
  };
}

/** A store gives whole numbers back as bigint; the tier's bound is the only one among the rates. */
function ratesOf(rates: CostBasis): CostBasis {
  if (rates.source === 'caller' || rates.tier === undefined) return rates;
  return { ...rates, tier: { aboveInputTokens: Number(rates.tier.aboveInputTokens) } };
}
