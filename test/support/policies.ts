import {
  DEFAULT_ALERT_THRESHOLDS,
  DEFAULT_GRACE_PERCENT,
  type Policy,
  type QuotaPolicy,
} from '../../core/policy/policy';

/** A policy of ten dollars a month with these quotas. */
export function policyWith(quotas: QuotaPolicy, version = 1): Policy {
  return {
    tenant: 'acme',
    version,
    updatedAt: '2026-11-01T08:00:00.000Z',
    updatedBy: 'acme-operator',
    budget: {
      mode: 'hard-cap',
      limitNanoUsd: 10_000_000_000n,
      gracePercent: DEFAULT_GRACE_PERCENT,
      alertThresholds: DEFAULT_ALERT_THRESHOLDS,
      onGraceExceeded: 'allow',
    },
    quotas,
    rates: [],
  };
}
