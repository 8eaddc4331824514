import * as v from 'valibot';
import type { NanoUsd } from '../../core/money/nano-usd';
import type { Schema } from '../http/request-input';
import { amountUsd } from './amount';
import {
  flag,
  id,
  instant,
  list,
  modelName,
  numberLiteral,
  object,
  oneOf,
  pipeline,
  providerName,
  tags,
  wholeNumber,
} from './fields';

export const MAX_TOKENS = 1_000_000_000;
export const MAX_ESTIMATE_ENTRIES = 100;
export const MAX_ESTIMATE_COUNT = 1_000_000;

const tokenCount = wholeNumber(0, MAX_TOKENS);

/** Requests of one kind that a run means to send. */
export interface EstimateEntry {
  readonly model: string;
  readonly provider?: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** How many of them. */
  readonly count: number;
}

const estimateEntry: Schema<EstimateEntry> = object({
  model: modelName,
  provider: v.optional(providerName),
  inputTokens: tokenCount,
  outputTokens: tokenCount,
  count: v.optional(wholeNumber(1, MAX_ESTIMATE_COUNT), numberLiteral(1)),
});

export interface CreateRunBody {
  readonly tenant: string;
  readonly runId?: string | undefined;
  readonly pipeline: string;
  /** Exactly one of the two is given. */
  readonly estimatedCostUSD?: NanoUsd | undefined;
  readonly estimate?: readonly EstimateEntry[] | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly deadline?: Date | undefined;
  readonly dryRun?: boolean | undefined;
}

export const createRunBody: Schema<CreateRunBody> = v.pipe(
  object({
    tenant: id,
    runId: v.optional(id),
    pipeline,
    estimatedCostUSD: v.optional(amountUsd),
    estimate: v.optional(list(estimateEntry, 1, MAX_ESTIMATE_ENTRIES)),
    tags: v.optional(tags),
    deadline: v.optional(instant),
    dryRun: v.optional(flag),
  }),
  v.forward(
    v.check(
      (body) => body.estimatedCostUSD !== undefined || body.estimate !== undefined,
      'is required, or estimate in its place',
    ),
    ['estimatedCostUSD'],
  ),
  v.forward(
    v.check(
      (body) => body.estimatedCostUSD === undefined || body.estimate === undefined,
      'must not be given beside estimatedCostUSD',
    ),
    ['estimate'],
  ),
  v.metadata({
    jsonSchema: { oneOf: [{ required: ['estimatedCostUSD'] }, { required: ['estimate'] }] },
  }),
);

export interface CheckStepBody {
  readonly stepId: string;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly estimatedTokens?: { readonly input: number; readonly output: number } | undefined;
  readonly estimatedCostUSD?: NanoUsd | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Without a cost, the step is priced: that needs both the model and the tokens. */
export const checkStepBody: Schema<CheckStepBody> = v.pipe(
  object({
    stepId: id,
    model: v.optional(modelName),
    provider: v.optional(providerName),
    estimatedTokens: v.optional(object({ input: tokenCount, output: tokenCount })),
    estimatedCostUSD: v.optional(amountUsd),
    dryRun: v.optional(flag),
  }),
  v.forward(
    v.check(
      (body) => body.estimatedCostUSD !== undefined || body.estimatedTokens !== undefined,
      'is required, or model and estimatedTokens in its place',
    ),
    ['estimatedCostUSD'],
  ),
  v.forward(
    v.check(
      (body) =>
        body.estimatedCostUSD !== undefined ||
        body.estimatedTokens === undefined ||
        body.model !== undefined,
      'is required to price estimatedTokens',
    ),
    ['model'],
  ),
  v.metadata({
    jsonSchema: {
      anyOf: [{ required: ['estimatedCostUSD'] }, { required: ['model', 'estimatedTokens'] }],
    },
  }),
);

export interface UsageTokensBody {
  readonly input: number;
  readonly output: number;
  /** Part of `input`. */
  readonly cachedInput: number;
}

export interface RecordUsageBody {
  readonly tokens?: UsageTokensBody | undefined;
  /** What the provider charged; without it the tokens are priced. */
  readonly costUSD?: NanoUsd | undefined;
  /** Default: as the step check said. */
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly occurredAt?: Date | undefined;
}

const usageTokens: Schema<UsageTokensBody> = v.pipe(
  object({
    input: tokenCount,
    output: tokenCount,
    cachedInput: v.optional(tokenCount, numberLiteral(0)),
  }),
  v.forward(
    v.check((tokens) => tokens.cachedInput <= tokens.input, 'must not be more than input'),
    ['cachedInput'],
  ),
);

export const recordUsageBody: Schema<RecordUsageBody> = v.pipe(
  object({
    tokens: v.optional(usageTokens),
    costUSD: v.optional(amountUsd),
    model: v.optional(modelName),
    provider: v.optional(providerName),
    tags: v.optional(tags),
    occurredAt: v.optional(instant),
  }),
  v.forward(
    v.check(
      (body) => body.costUSD !== undefined || body.tokens !== undefined,
      'is required, or costUSD in its place',
    ),
    ['tokens'],
  ),
  v.metadata({ jsonSchema: { anyOf: [{ required: ['tokens'] }, { required: ['costUSD'] }] } }),
);

export type RunOutcome = 'succeeded' | 'failed' | 'cancelled';

export const completeRunBody: Schema<{ readonly status: RunOutcome }> = object({
  status: oneOf('succeeded', 'failed', 'cancelled'),
});

export const runPath: Schema<{ readonly runId: string }> = object({ runId: id });

export const stepPath: Schema<{ readonly runId: string; readonly stepId: string }> = object({
  runId: id,
  stepId: id,
});

/** Says whose run is meant, for callers that act for all tenants. */
export const tenantQuery: Schema<{ readonly tenant?: string | undefined }> = object({
  tenant: v.optional(id),
});
