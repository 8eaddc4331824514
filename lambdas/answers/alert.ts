import type { Alert } from '../../core/alerts/alert';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';

/** An alert as the contract answers it; amounts are decimal strings in USD. */
export function alertBody(alert: Alert) {
  const { figures, requested } = alert;
  return {
    alertId: alert.alertId,
    type: alert.type,
    severity: alert.severity,
    status: alert.status,
    summary: alert.summary,
    tenant: alert.tenant,
    month: alert.month,
    pipeline: alert.pipeline ?? null,
    runId: alert.runId ?? null,
    stepId: alert.stepId ?? null,
    limitUSD: usd(figures?.limit),
    spentUSD: usd(figures?.spent),
    reservedUSD: usd(figures?.reserved),
    requestedUSD: usd(requested),
    count: alert.count,
    occurredAt: alert.occurredAt,
    lastOccurredAt: alert.lastOccurredAt,
    sentAt: alert.sentAt ?? null,
    acknowledgedAt: alert.acknowledgedAt ?? null,
    acknowledgedBy: alert.acknowledgedBy ?? null,
    runbook: alert.runbook,
  };
}

function usd(amount: NanoUsd | undefined): string | null {
  return amount === undefined ? null : formatUsd(amount);
}
