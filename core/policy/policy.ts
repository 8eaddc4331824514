import type { NanoUsd } from '../money/nano-usd';

/** `hard-cap`: refused when the limit would be passed. `soft-cap`: goes on, warns and alerts. */
export type BudgetMode = 'hard-cap' | 'soft-cap';

export interface BudgetPolicy {
  readonly mode: BudgetMode;
  readonly limitNanoUsd: NanoUsd;
  /** How far over a soft limit spend may go before the alert turns critical; percent of the limit. */
  readonly gracePercent: number;
  /** Percent of the limit, ascending. */
  readonly alertThresholds: readonly number[];
  /** What a soft cap does once the grace is used up. */
  readonly onGraceExceeded: 'allow' | 'deny';
}

export interface QuotaPolicy {
  readonly requestsPerMinute?: number;
  readonly tokensPerDay?: number;
  /** Exact model names, `provider/model`, or `provider/*`. */
  readonly allowedModels?: readonly string[];
}

/** A tenant's own price for a model: decimal strings, USD for a million tokens. */
export interface TenantRate {
  readonly model: string;
  readonly provider: string;
  readonly inputPerMTokUsd: string;
  readonly outputPerMTokUsd: string;
  /** Without it cached input costs as much as other input. */
  readonly cachedInputPerMTokUsd?: string;
}

/** What a PUT sets, with every default filled in. */
export interface PolicyTerms {
  readonly budget: BudgetPolicy;
  readonly quotas: QuotaPolicy;
  readonly rates: readonly TenantRate[];
}

export interface Policy extends PolicyTerms {
  readonly tenant: string;
  /** 1 for the first one; 0 for the deployment's default policy. */
  readonly version: number;
  readonly updatedAt: string;
  readonly updatedBy: string;
}

export const DEFAULT_GRACE_PERCENT = 10;
export const DEFAULT_ALERT_THRESHOLDS: readonly number[] = [50, 80, 90, 100];
