import * as v from 'valibot';
import { formatUsd, type NanoUsd } from '../../core/money/nano-usd';
import {
  DEFAULT_ALERT_THRESHOLDS,
  DEFAULT_GRACE_PERCENT,
  type BudgetMode,
  type PolicyTerms,
  type TenantRate,
} from '../../core/policy/policy';
import type { Schema } from '../http/request-input';
import { amountUsd, readAmount } from './amount';
import { field, list, modelName, object, oneOf, providerName, text, wholeNumber } from './fields';

const MAX_THRESHOLDS = 10;
const MAX_ALLOWED_MODELS = 200;
const MAX_RATES = 200;
const MAX_PERCENT = 1_000;
/** A million dollars for a million tokens: dearer than anything sold, far from any overflow. */
const MAX_RATE: NanoUsd = 1_000_000n * 1_000_000_000n;

/** The body of a PUT, as checked. Every field that is left out has its default in PolicyTerms. */
export interface PolicyBody {
  readonly budget: {
    readonly mode: BudgetMode;
    readonly limitUSD: NanoUsd;
    readonly gracePercent?: number | undefined;
    readonly alertThresholds?: readonly number[] | undefined;
    readonly onGraceExceeded?: 'allow' | 'deny' | undefined;
  };
  readonly quotas?:
    | {
        readonly requestsPerMinute?: number | undefined;
        readonly tokensPerDay?: number | undefined;
        readonly allowedModels?: readonly string[] | undefined;
      }
    | undefined;
  readonly rates?: readonly RateBody[] | undefined;
}

interface RateBody {
  readonly model: string;
  readonly provider: string;
  readonly inputPerMTokUSD: NanoUsd;
  readonly outputPerMTokUSD: NanoUsd;
  readonly cachedInputPerMTokUSD?: NanoUsd | undefined;
}

const rateUsd: Schema<NanoUsd> = field(
  (value) => {
    const result = readAmount(value);
    if ('problem' in result || result.value <= MAX_RATE) return result;
    return { problem: 'must be at most 1000000 USD for a million tokens' };
  },
  { type: ['string', 'number'], pattern: '^(0|[1-9][0-9]{0,6})(\\.[0-9]{1,9})?$', minimum: 0 },
);

const rate: Schema<RateBody> = object({
  model: modelName,
  provider: providerName,
  inputPerMTokUSD: rateUsd,
  outputPerMTokUSD: rateUsd,
  cachedInputPerMTokUSD: v.optional(rateUsd),
});

const modelPattern = text(
  /^(?:[A-Za-z0-9._-]{1,64}\/\*|[A-Za-z0-9._/:@~+-]{1,200})$/,
  'must be a model, provider/model or provider/*',
);

/** Two rates for one model of one provider would make the price depend on their order. */
function isDuplicate(rates: readonly RateBody[], index: number): boolean {
  const { model, provider } = rates[index]!;
  const first = rates.findIndex((each) => each.model === model && each.provider === provider);
  return first < index;
}

function uniqueList<T>(item: Schema<T>, min: number, max: number) {
  return v.pipe(
    list(item, min, max),
    v.checkItems((each, index, all) => all.indexOf(each) === index, 'is given twice'),
    v.metadata({ jsonSchema: { uniqueItems: true } }),
  );
}

export const policyBodySchema: Schema<PolicyBody> = object({
  budget: object({
    mode: oneOf('hard-cap', 'soft-cap'),
    limitUSD: amountUsd,
    gracePercent: v.optional(wholeNumber(0, MAX_PERCENT)),
    alertThresholds: v.optional(uniqueList(wholeNumber(1, MAX_PERCENT), 0, MAX_THRESHOLDS)),
    onGraceExceeded: v.optional(oneOf('allow', 'deny')),
  }),
  quotas: v.optional(
    object({
      requestsPerMinute: v.optional(wholeNumber(1, 1_000_000)),
      tokensPerDay: v.optional(wholeNumber(1, 1_000_000_000_000)),
      allowedModels: v.optional(uniqueList(modelPattern, 1, MAX_ALLOWED_MODELS)),
    }),
  ),
  rates: v.optional(
    v.pipe(
      list(rate, 0, MAX_RATES),
      v.checkItems(
        (_rate, index, all) => !isDuplicate(all, index),
        'is given twice for this model and provider',
      ),
    ),
  ),
});

/** What the tenant's policy is after the PUT: defaults filled in, thresholds in order. */
export function policyTermsFromBody(body: PolicyBody): PolicyTerms {
  const { budget, quotas = {}, rates = [] } = body;
  const thresholds = budget.alertThresholds ?? DEFAULT_ALERT_THRESHOLDS;
  const { requestsPerMinute, tokensPerDay, allowedModels } = quotas;
  return {
    budget: {
      mode: budget.mode,
      limitNanoUsd: budget.limitUSD,
      gracePercent: budget.gracePercent ?? DEFAULT_GRACE_PERCENT,
      alertThresholds: thresholds.toSorted((a, b) => a - b),
      onGraceExceeded: budget.onGraceExceeded ?? 'allow',
    },
    quotas: {
      ...(requestsPerMinute === undefined ? {} : { requestsPerMinute }),
      ...(tokensPerDay === undefined ? {} : { tokensPerDay }),
      ...(allowedModels === undefined ? {} : { allowedModels }),
    },
    rates: rates.map(tenantRate),
  };
}

function tenantRate(body: RateBody): TenantRate {
  const { model, provider, cachedInputPerMTokUSD: cached } = body;
  return {
    model,
    provider,
    inputPerMTokUsd: formatUsd(body.inputPerMTokUSD),
    outputPerMTokUsd: formatUsd(body.outputPerMTokUSD),
    ...(cached === undefined ? {} : { cachedInputPerMTokUsd: formatUsd(cached) }),
  };
}

/** The policy as answered: a body that a PUT takes again and that changes nothing. */
export function policyBody({ budget, quotas, rates }: PolicyTerms) {
  const { limitNanoUsd, ...others } = budget;
  return {
    budget: { ...others, limitUSD: formatUsd(limitNanoUsd) },
    quotas,
    rates: rates.map((each) => ({
      model: each.model,
      provider: each.provider,
      inputPerMTokUSD: each.inputPerMTokUsd,
      outputPerMTokUSD: each.outputPerMTokUsd,
      ...(each.cachedInputPerMTokUsd === undefined
        ? {}
        : { cachedInputPerMTokUSD: each.cachedInputPerMTokUsd }),
    })),
  };
}
