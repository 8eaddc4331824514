import type { UsageView } from '../../core/guard/record-usage';
import { formatUsd } from '../../core/money/nano-usd';

/** A usage record as the contract answers it. */
export function usageBody(usage: UsageView) {
  return {
    runId: usage.runId,
    stepId: usage.stepId,
    date: usage.date,
    recordedAt: usage.recordedAt,
    pipeline: usage.pipeline,
    model: usage.model,
    provider: usage.provider,
    tokens: usage.tokens ?? null,
    costUSD: formatUsd(usage.cost),
    reservedUSD: formatUsd(usage.reserved),
    tags: usage.tags,
    rates: usage.rates,
    catalogueVersion: usage.catalogueVersion,
    late: usage.late ?? false,
  };
}
