import type { Month } from '../ledger/account-ref';
import type { NanoUsd } from '../money/nano-usd';

export type AlertType =
  | 'BUDGET_THRESHOLD_CROSSED'
  | 'BUDGET_SOFT_CAP_EXCEEDED'
  | 'BUDGET_GRACE_EXCEEDED'
  | 'BUDGET_HARD_CAP_HIT'
  | 'BUDGET_FORECAST_EXCEEDED'
  | 'RPM_QUOTA_EXCEEDED'
  | 'TOKENS_PER_DAY_EXCEEDED'
  | 'MODEL_NOT_ALLOWED'
  | 'LEDGER_DRIFT';

export const ALERT_TYPES: readonly AlertType[] = [
  'BUDGET_THRESHOLD_CROSSED',
  'BUDGET_SOFT_CAP_EXCEEDED',
  'BUDGET_GRACE_EXCEEDED',
  'BUDGET_HARD_CAP_HIT',
  'BUDGET_FORECAST_EXCEEDED',
  'RPM_QUOTA_EXCEEDED',
  'TOKENS_PER_DAY_EXCEEDED',
  'MODEL_NOT_ALLOWED',
  'LEDGER_DRIFT',
];

export type AlertSeverity = 'info' | 'warning' | 'critical';
export type AlertStatus = 'OPEN' | 'ACKNOWLEDGED';

/** The budget when something happened; amounts in nano-USD. */
export interface AlertFigures {
  readonly limit: NanoUsd;
  readonly spent: NanoUsd;
  readonly reserved: NanoUsd;
}

/** Something that somebody should know. */
export interface Occurrence {
  readonly type: AlertType;
  readonly severity: AlertSeverity;
  readonly tenant: string;
  readonly month: Month;
  /** What makes it the same condition as before: repeats add to that alert's count. */
  readonly condition: string;
  readonly summary: string;
  readonly runbook: string;
  readonly figures?: AlertFigures | undefined;
  readonly requested?: NanoUsd | undefined;
  readonly pipeline?: string | undefined;
  readonly runId?: string | undefined;
  readonly stepId?: string | undefined;
}

export interface Alert extends Occurrence {
  readonly alertId: string;
  readonly status: AlertStatus;
  /** How often it happened. Run, step, pipeline and figures are those of the last time. */
  readonly count: number;
  readonly occurredAt: string;
  readonly lastOccurredAt: string;
  readonly sentAt?: string | undefined;
  readonly acknowledgedAt?: string | undefined;
  readonly acknowledgedBy?: string | undefined;
}
