import type { Alert } from '../../core/alerts/alert';
import { noticeBudget, raiseDrift, raiseHardCapHit } from '../../core/alerts/budget-alerts';
import type { AlertPorts } from '../../core/alerts/ports';
import { raiseQuotaDenial } from '../../core/alerts/quota-alerts';
import { noticeForecast } from '../../core/forecast/forecast-alert';
import { monthTerms } from '../../core/guard/month-account';
import { newAccount, type Account } from '../../core/ledger/account';
import type { BudgetMode, Policy } from '../../core/policy/policy';
import { digest } from '../../lambdas/composition/alert-ports';
import { ALERT_EVENT_SOURCE } from '../../core/contract/alerts';
import { detailOf } from '../../lambdas/adapters/eventbridge/alert-bus';
import { MemoryAlertStore, RecordingBus } from './memory-alerts';

const NOW_MS = Date.parse('2026-11-23T12:00:05Z');
/** A hundredth of a dollar. */
const CENT = 10_000_000n;
const WHERE = { tenant: 'acme', month: '2026-11' } as const;
const ACTOR = { pipeline: 'nightly-summaries', runId: 'run-17', stepId: 'summarise-3' } as const;

function policyOf(mode: BudgetMode): Policy {
  return {
    tenant: WHERE.tenant,
    version: 4,
    updatedAt: '2026-11-01T00:00:00.000Z',
    updatedBy: 'operator',
    budget: {
      mode,
      limitNanoUsd: 1_000n * CENT,
      gracePercent: 10,
      alertThresholds: [50, 80, 90, 100],
      onGraceExceeded: 'allow',
    },
    quotas: { requestsPerMinute: 50, tokensPerDay: 1_000_000, allowedModels: ['openai/*'] },
    rates: [],
  };
}

function monthWith(mode: BudgetMode, spent: bigint, reserved: bigint): Account {
  const { mode: accountMode, limit, facts } = monthTerms(policyOf(mode));
  const month = newAccount({ mode: accountMode, limit, facts });
  return {
    ...month,
    spent,
    holds: { 'r1~0.aaaaaaaa': reserved },
    available: limit - spent - reserved,
  };
}

/**
 * Alerts as the product itself raises them: each type at least once, those with several severities
 * in each of them.
 */
export async function sampleAlerts(): Promise<readonly Alert[]> {
  const bus = new RecordingBus();
  const ports: AlertPorts = {
    store: new MemoryAlertStore(),
    bus,
    nowMs: () => NOW_MS,
    digest,
    known: new Set(),
    onFault: (what, fault) => {
      throw new Error(what, { cause: fault });
    },
  };
  const hard = monthWith('hard-cap', 990n * CENT, 8n * CENT);
  await noticeBudget(ports, WHERE, hard, ACTOR);
  await noticeBudget(
    ports,
    { ...WHERE, tenant: 'globex' },
    monthWith('soft-cap', 1_080n * CENT, 50n * CENT),
    {},
  );
  await raiseHardCapHit(ports, WHERE, hard, { ...ACTOR, requested: 5n * CENT });
  for (const kind of ['requests-exceeded', 'tokens-exceeded', 'model-not-allowed'] as const) {
    await raiseQuotaDenial(ports, policyOf('hard-cap'), kind, {
      ...ACTOR,
      model: 'claude-sonnet-4-5',
    });
  }
  await raiseDrift(ports, WHERE, -40n * CENT);
  await noticeForecast(ports, WHERE, monthWith('hard-cap', 640n * CENT, 0n), {
    projected: 1_212n * CENT,
    limitReachedMs: Date.parse('2026-11-27T09:30:00Z'),
    exceedsLimit: true,
    basis: '7d',
  });
  return bus.taken;
}

/** An alert as EventBridge hands it to rules. */
export function eventOf(alert: Alert) {
  return {
    version: '0',
    id: '6a7e8feb-b491-4cf7-a9f1-bf3703467718',
    'detail-type': alert.type,
    source: ALERT_EVENT_SOURCE,
    account: '123456789012',
    time: alert.occurredAt,
    region: 'eu-west-1',
    resources: [],
    detail: detailOf(alert),
  };
}
