import type { QuotaRefusal } from '../../core/guard/admission';
import type { BudgetView } from '../../core/guard/month-account';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';
import { problem, type ProblemReply } from '../http/problem';
import { budgetBody } from './budget';
import { rateLimitHeaders } from './rate-limit';

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

/** 403 or 429, with the figures that explain it. */
export function quotaRefused(refused: QuotaRefusal): ProblemReply {
  if (refused.kind === 'model-not-allowed') {
    const { model } = refused;
    const what = model === undefined ? 'A step that names no model' : `The model ${model}`;
    return problem(
      'MODEL_NOT_ALLOWED',
      `${what} is not on the list of models that this tenant may use.`,
      { model },
    );
  }
  const { retryAfterSeconds, standings } = refused;
  const { requestsPerMinute, tokensPerDay } = refused.policy.quotas;
  const headers = { ...rateLimitHeaders(standings), 'Retry-After': String(retryAfterSeconds) };
  if (refused.kind === 'requests-exceeded') {
    return problem(
      'RPM_QUOTA_EXCEEDED',
      `The quota of ${requestsPerMinute} requests a minute is used up; try again in ${retryAfterSeconds} seconds.`,
      { requestsPerMinute, retryAfterSeconds },
      headers,
    );
  }
  return problem(
    'TOKENS_PER_DAY_EXCEEDED',
    `The quota of ${tokensPerDay} tokens a day does not allow this; a new day starts at midnight UTC, in ${retryAfterSeconds} seconds.`,
    { tokensPerDay, retryAfterSeconds },
    headers,
  );
}
