import type { BudgetView } from '../../core/guard/month-account';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';
import { problem, type ProblemReply } from '../http/problem';
import { budgetBody } from './budget';

const RUNBOOK = '/docs/maestro/runbooks/budget-override';

export interface Denied {
  readonly budget: BudgetView;
  readonly requested: NanoUsd;
  readonly pipeline: string;
  readonly runId: string;
  readonly stepId?: string;
}

/** 402, with the figures that explain it and where to ask for more. */
export function hardCapHit(denied: Denied, consoleUrl: string): ProblemReply {
  const { budget, requested, pipeline, runId, stepId } = denied;
  const { tenant, asOf: _asOf, mode: _mode, ...figures } = budgetBody(budget);
  const requestedUSD = formatUsd(requested);
  const query = new URLSearchParams({
    tenant,
    runId,
    amountUSD: requestedUSD,
    month: budget.month,
  });
  return problem('BUDGET_HARD_CAP_HIT', sentence(denied), {
    ...figures,
    requestedUSD,
    pipeline,
    runId,
    ...(stepId === undefined ? {} : { stepId }),
    runbook: RUNBOOK,
    overrideUrl: `${consoleUrl}/overrides/new?${query.toString()}`,
  });
}

function sentence({ budget, requested, stepId }: Denied): string {
  const what = stepId === undefined ? 'This run' : `Step ${stepId}`;
  const left =
    budget.remaining > 0n ? `${formatUsd(budget.remaining)} USD is left` : 'nothing is left';
  const day = budget.resetsAt.slice(0, 10);
  return (
    `${what} needs ${formatUsd(requested)} USD, but of the ${formatUsd(budget.limit)} USD budget ` +
    `for ${budget.month} ${left}; the budget starts anew on ${day}, and an override can be asked for before.`
  );
}

export const noSuchRun = (): ProblemReply => problem('NOT_FOUND', 'There is no such run.');

export const runClosed = (): ProblemReply =>
  problem('RUN_CLOSED', 'The run is closed, so no further step may start in it.');

export const policyNotFound = (): ProblemReply =>
  problem(
    'POLICY_NOT_FOUND',
    'No budget policy is set for this tenant, so nothing is allowed yet.',
  );

export function idReused(what: 'run' | 'step', id: string): ProblemReply {
  return problem(
    'ID_REUSED',
    `The ${what} id ${id} was used before with other content; use a new id, or repeat the first call unchanged.`,
  );
}

export function priceUnknown(unknown: {
  readonly model: string;
  readonly provider?: string;
}): ProblemReply {
  const { model, provider } = unknown;
  const name = provider === undefined ? model : `${provider}/${model}`;
  return problem(
    'PRICE_UNKNOWN',
    `The model ${name} has no known price; give the cost in the call or a rate in the tenant's policy.`,
    { model, provider },
  );
}
