import type { Account } from '../ledger/account';
import type { NanoUsd } from '../money/nano-usd';
import { formatUsd } from '../money/nano-usd';
import {
  budgetOf,
  graceOf,
  gracePercentOf,
  limitVersionOf,
  thresholdsOf,
} from '../guard/month-account';
import type { AlertSeverity, AlertType, Occurrence } from './alert';
import type { AlertPorts } from './ports';
import { ensureAlert, raiseAlert } from './raise-alert';

export const RUNBOOKS = '/docs/maestro/runbooks';
export const OVERRIDE_RUNBOOK = `${RUNBOOKS}/budget-override`;

const WHOLE_PERCENT = 100n;
const WARNING_FROM_PERCENT = 80;

interface Where {
  readonly tenant: string;
  readonly month: string;
}

/** Which run and step were at it when a condition came about. */
export interface Actor {
  readonly pipeline?: string | undefined;
  readonly runId?: string | undefined;
  readonly stepId?: string | undefined;
}

/**
 * Tell of every threshold and band that a month has reached. May be called with any account of the
 * month at any time: each alert comes once for a month and limit, also when spend falls and rises.
 */
export async function noticeBudget(
  ports: AlertPorts,
  where: Where,
  month: Account,
  actor: Actor,
): Promise<void> {
  for (const reached of reachedBy(where, month)) {
    await ensureAlert(ports, { ...occurrence(where, month, actor), ...reached });
  }
}

type Reached = Pick<Occurrence, 'type' | 'severity' | 'condition' | 'summary' | 'runbook'>;

function reachedBy(where: Where, month: Account): Reached[] {
  const { limit, spent, reserved, mode } = budgetOf(where, month, 0);
  const committed = spent + reserved;
  const version = limitVersionOf(month);
  const reached: Reached[] = thresholdsOf(month)
    .filter((percent) => committed > 0n && committed * WHOLE_PERCENT >= limit * BigInt(percent))
    .map((percent) => ({
      type: 'BUDGET_THRESHOLD_CROSSED',
      severity: percent < WARNING_FROM_PERCENT ? 'info' : 'warning',
      condition: `limit ${version}, ${percent} %`,
      summary: `${where.tenant} has committed ${formatUsd(committed)} USD, ${percent} % or more of its ${formatUsd(limit)} USD budget for ${where.month}.`,
      runbook: `${RUNBOOKS}/budget-threshold-crossed`,
    }));
  if (mode === 'soft-cap' && committed > limit) {
    const isBeyond = committed > limit + graceOf(limit, gracePercentOf(month));
    reached.push(
      overSoftCap(where, month, committed - limit, 'BUDGET_SOFT_CAP_EXCEEDED', 'warning'),
    );
    if (isBeyond) {
      reached.push(
        overSoftCap(where, month, committed - limit, 'BUDGET_GRACE_EXCEEDED', 'critical'),
      );
    }
  }
  return reached;
}

function overSoftCap(
  where: Where,
  month: Account,
  over: NanoUsd,
  type: AlertType,
  severity: AlertSeverity,
): Reached {
  const { limit } = budgetOf(where, month, 0);
  const grace =
    type === 'BUDGET_GRACE_EXCEEDED' ? `, beyond its grace of ${gracePercentOf(month)} %` : '';
  return {
    type,
    severity,
    condition: `limit ${limitVersionOf(month)}`,
    summary: `${where.tenant} is ${formatUsd(over)} USD over its soft budget of ${formatUsd(limit)} USD for ${where.month}${grace}.`,
    runbook: `${RUNBOOKS}/${type.toLowerCase().replaceAll('_', '-')}`,
  };
}

function occurrence(where: Where, month: Account, actor: Actor) {
  const { limit, spent, reserved } = budgetOf(where, month, 0);
  const { tenant, month: of } = where;
  return { tenant, month: of, ...actor, figures: { limit, spent, reserved } };
}

/** A hard cap, or a soft one beyond the grace that its policy allows, refused a request. */
export async function raiseHardCapHit(
  ports: AlertPorts,
  where: Where,
  month: Account,
  denied: Actor & { readonly requested: NanoUsd },
): Promise<void> {
  const { limit } = budgetOf(where, month, 0);
  const { requested, ...actor } = denied;
  await raiseAlert(ports, {
    ...occurrence(where, month, actor),
    type: 'BUDGET_HARD_CAP_HIT',
    severity: 'critical',
    // A raised limit arms it again; and a tenant that is still refused tomorrow pages tomorrow.
    condition: `limit ${limitVersionOf(month)}, ${dayOf(ports)}`,
    summary: `${where.tenant} was refused ${formatUsd(requested)} USD: its ${formatUsd(limit)} USD budget for ${where.month} does not allow it.`,
    runbook: OVERRIDE_RUNBOOK,
    requested,
  });
}

/** An account that does not add up: somebody wrote to the table by hand, or the code is wrong. */
export async function raiseDrift(ports: AlertPorts, where: Where, drift: NanoUsd): Promise<void> {
  const { tenant, month } = where;
  await raiseAlert(ports, {
    tenant,
    month,
    type: 'LEDGER_DRIFT',
    severity: 'critical',
    condition: dayOf(ports),
    summary: `The account of ${where.tenant} for ${where.month} does not add up: it is off by ${formatUsd(drift)} USD.`,
    runbook: `${RUNBOOKS}/ledger-drift`,
  });
}

function dayOf({ nowMs }: AlertPorts): string {
  return new Date(nowMs()).toISOString().slice(0, 10);
}
