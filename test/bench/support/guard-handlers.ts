import { routeOf } from '../../../core/contract/functions';
import type { GuardPorts } from '../../../core/guard/ports';
import type { Policy, QuotaPolicy } from '../../../core/policy/policy';
import { createCheckStepHandler } from '../../../lambdas/check-step/handler';
import { createCompleteRunHandler } from '../../../lambdas/complete-run/handler';
import type { ApiDeps } from '../../../lambdas/composition/api';
import { createCreateRunHandler } from '../../../lambdas/create-run/handler';
import type { HttpHandler } from '../../../lambdas/http/api-handler';
import { createLogger } from '../../../lambdas/observability/logger';
import { createRecordUsageHandler } from '../../../lambdas/record-usage/handler';

/** Longer than any section takes: what a call costs must not depend on when it came. */
export const POLICY_MEMORY_MS = 3_600_000;

const CREATORS = {
  'create-run': createCreateRunHandler,
  'check-step': createCheckStepHandler,
  'record-usage': createRecordUsageHandler,
  'complete-run': createCompleteRunHandler,
} as const;

export type GuardFunction = keyof typeof CREATORS;
export type GuardHandlers = Readonly<Record<GuardFunction, HttpHandler>>;

/** The very handlers that are deployed. They log as in production; the lines go nowhere. */
export function createGuardHandlers(ports: GuardPorts): GuardHandlers {
  const now = () => new Date(ports.ledger.nowMs());
  const write = () => undefined;
  const deps = (name: GuardFunction): ApiDeps => ({
    route: routeOf(name)!,
    tenantClaim: 'tenant',
    consoleUrl: 'https://console.example.com',
    logger: createLogger({ service: name, stage: 'bench', level: 'INFO', now, write }),
    now,
    ports,
  });
  return {
    'create-run': CREATORS['create-run'](deps('create-run')),
    'check-step': CREATORS['check-step'](deps('check-step')),
    'record-usage': CREATORS['record-usage'](deps('record-usage')),
    'complete-run': CREATORS['complete-run'](deps('complete-run')),
  };
}

/** A policy of a million dollars, a hard cap, with catalogue prices. */
export function largePolicy(tenant: string, quotas: QuotaPolicy = {}): Policy {
  return {
    tenant,
    version: 1,
    updatedAt: '2026-01-01T00:00:00Z',
    updatedBy: 'bench',
    budget: {
      mode: 'hard-cap',
      limitNanoUsd: 1_000_000n * 1_000_000_000n,
      gracePercent: 10,
      alertThresholds: [50, 80, 90, 100],
      onGraceExceeded: 'allow',
    },
    quotas,
    rates: [],
  };
}
