import { OVERRIDE_RUNBOOK } from '../../core/alerts/budget-alerts';
import type { QuotaRefusal } from '../../core/guard/admission';
import type { BudgetView } from '../../core/guard/month-account';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';
import { problem, type ProblemReply } from '../http/problem';
import { budgetBody } from './budget';
import { rateLimitHeaders } from './rate-limit';

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
    runbook: OVERRIDE_RUNBOOK,
    overrideUrl: `${consoleUrl}/overrides/new?${query.toString()}`,
  });
}

function sentence({ budget, requested, stepId }: Denied): string {
  const what = stepId === undefined ? 'This run' : `Step ${stepId}`;
  const left =
    budget.remaining > 0n ? `${formatUsd(budget.remaining)} USD is left` : 'nothing is left';
  const day = budget.resetsAt.slice(0, 10);
  return (
    `${what} needs ${formatUsd(requested)} USD, but ${left} of the ${formatUsd(budget.limit)} USD ` +
    `budget for ${budget.month}; it starts anew on ${day}, and an override can be asked for before.`
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

/** What was asked for when a quota refused it. */
export interface MeteredRequest {
  /** Absent for a run. */
  readonly stepId?: string;
  readonly provider?: string | undefined;
  /** Tokens that the step may use; absent where nobody knows. */
  readonly tokens?: number | undefined;
}

/** 403 or 429, with the figures that explain it. */
export function quotaRefused(refused: QuotaRefusal, asked: MeteredRequest = {}): ProblemReply {
  switch (refused.kind) {
    case 'model-not-allowed':
      return modelNotAllowed(refused.model, asked.provider);
    case 'requests-exceeded':
      return requestsExceeded(refused);
    case 'tokens-exceeded':
      return tokensExceeded(refused, asked);
  }
}

function modelNotAllowed(model: string | undefined, provider: string | undefined): ProblemReply {
  const name = provider === undefined ? model : `${provider}/${model}`;
  const detail =
    model === undefined
      ? 'This tenant may use certain models only, so every step has to name its model.'
      : `The model ${name} is not among those that this tenant may use; choose another one, or have the tenant's policy changed.`;
  return problem('MODEL_NOT_ALLOWED', detail, { model, provider });
}

type Exceeded = Exclude<QuotaRefusal, { kind: 'model-not-allowed' }>;

function requestsExceeded(refused: Exceeded): ProblemReply {
  const { retryAfterSeconds } = refused;
  const { requestsPerMinute = 0 } = refused.policy.quotas;
  return problem(
    'RPM_QUOTA_EXCEEDED',
    `The quota of ${counted(requestsPerMinute, 'request')} a minute is used up; try again in ${inWords(retryAfterSeconds)}.`,
    { requestsPerMinute, retryAfterSeconds },
    retryHeaders(refused),
  );
}

function tokensExceeded(refused: Exceeded, { stepId, tokens }: MeteredRequest): ProblemReply {
  const { retryAfterSeconds, standings } = refused;
  const { tokensPerDay = 0 } = refused.policy.quotas;
  const left = standings.find(({ name }) => name === 'tokens-per-day')?.remaining ?? 0;
  const isKnown = stepId !== undefined && tokens !== undefined && tokens > 0;
  const need = isKnown ? { stepId, tokens } : undefined;
  return problem(
    'TOKENS_PER_DAY_EXCEEDED',
    tokensSentence(tokensPerDay, left, need, retryAfterSeconds),
    {
      tokensPerDay,
      remainingTokens: left,
      requestedTokens: need?.tokens,
      retryAfterSeconds,
    },
    retryHeaders(refused),
  );
}

function tokensSentence(
  quota: number,
  left: number,
  need: { readonly stepId: string; readonly tokens: number } | undefined,
  retryAfterSeconds: number,
): string {
  const whole = `the quota of ${counted(quota, 'token')} a day`;
  const anew = `starts anew at midnight UTC, in ${inWords(retryAfterSeconds)}`;
  const step = need && `Step ${need.stepId} may use ${counted(need.tokens, 'token')}`;
  if (need !== undefined && need.tokens > quota) {
    return `${step}, which is more than ${whole}; it takes a smaller estimate, or a larger quota.`;
  }
  if (need === undefined || left === 0) return `T${whole.slice(1)} is used up; it ${anew}.`;
  return `${step}, but of ${whole} only ${left.toLocaleString('en-US')} ${left === 1 ? 'is' : 'are'} left; it ${anew}.`;
}

function retryHeaders({ retryAfterSeconds, standings }: Exceeded): Record<string, string> {
  return { ...rateLimitHeaders(standings), 'Retry-After': String(retryAfterSeconds) };
}

function counted(count: number, unit: string): string {
  return `${count.toLocaleString('en-US')} ${unit}${count === 1 ? '' : 's'}`;
}

const MINUTE_SECONDS = 60;
const HOUR_SECONDS = 3_600;

/** To the second where that is soon, otherwise as a person would say it, and never too short. */
function inWords(seconds: number): string {
  if (seconds <= 2 * MINUTE_SECONDS) return counted(seconds, 'second');
  if (seconds <= 2 * HOUR_SECONDS) return `about ${Math.ceil(seconds / MINUTE_SECONDS)} minutes`;
  return `about ${Math.ceil(seconds / HOUR_SECONDS)} hours`;
}
