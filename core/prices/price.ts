import type { NanoUsd } from '../money/nano-usd';
import type { TenantRate } from '../policy/policy';
import {
  canonicalProvider,
  catalogueVersion,
  findModel,
  type CatalogueModel,
  type PriceWindow,
  type Tier,
} from './catalogue';
import { formatRate, parseRate, roundToNano } from './rate';

/** What a price was worked out from; kept on the usage record, so it holds texts and numbers only. */
export interface AppliedRates {
  readonly source: 'tenant' | 'catalogue';
  /** The catalogue that was in force, also where the tenant's own rate came first. */
  readonly catalogueVersion: string;
  /** The catalogue's id of the model, where the caller used an alias. */
  readonly catalogueModel?: string;
  /** USD for a million tokens. */
  readonly inputPerMTokUsd: string;
  readonly outputPerMTokUsd: string;
  readonly cachedInputPerMTokUsd: string;
  /** USD for a thousand requests, where the provider charges for the request itself. */
  readonly perThousandRequestsUsd?: string;
  /** The whole request is priced at the tier for requests with more input tokens than this. */
  readonly tier?: { readonly aboveInputTokens: number };
  /** First day of a dated price, or the hours (UTC) of a price by time of day. */
  readonly since?: string;
  readonly hours?: string;
}

export interface Priced {
  readonly kind: 'priced';
  readonly nanoUsd: NanoUsd;
  /** As the caller named it. */
  readonly model: string;
  readonly provider: string;
  readonly rates: AppliedRates;
}

export interface PriceUnknown {
  readonly kind: 'unknown';
  readonly model: string;
  readonly provider?: string;
}

export type Price = Priced | PriceUnknown;

export interface ReservationTokens {
  readonly model: string;
  readonly provider?: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

export interface UsageTokens extends ReservationTokens {
  /** Part of `inputTokens`, never more than them. */
  readonly cachedInputTokens: number;
}

/** The rates of one request before they are put down as texts. */
interface Tariff extends Tier {
  readonly provider: string;
  readonly source: 'tenant' | 'catalogue';
  readonly catalogueModel?: string;
  readonly window?: PriceWindow;
}

/**
 * What one request of this size may cost at most, if it happens at `at` or later: cached input at
 * full price, the dearest tier, dated price and hour that it could meet. For the same or fewer
 * tokens priceUsage never gives more.
 *
 * @throws RangeError if a count is not a whole number of 0 or more.
 */
export function priceReservation(
  request: ReservationTokens,
  rates: readonly TenantRate[],
  at: Date,
): Price {
  const { inputTokens } = request;
  return priced({ ...request, cachedInputTokens: 0 }, rates, {
    fromTenant: (own) => ({ ...own, ...dearest([own]) }),
    fromCatalogue: (entry) => {
      const tiers = reachableWindows(entry, at).flatMap((window) =>
        window.tiers.filter((tier) => inputTokens > tier.aboveInputTokens),
      );
      return { ...dearest(tiers), ...describe(entry, request.model) };
    },
  });
}

/**
 * What the request cost: the exact product of tokens and rates, rounded once to the nearest
 * nano-USD, halves up. A provider's fee for each request is charged once.
 *
 * @param at when the request happened; decides which dated or hourly price counts.
 * @throws RangeError if a count is not a whole number of 0 or more, or cached exceeds input.
 */
export function priceUsage(usage: UsageTokens, rates: readonly TenantRate[], at: Date): Price {
  return priced(usage, rates, {
    fromTenant: (own) => own,
    fromCatalogue: (entry) => {
      const window = windowAt(entry, at);
      const tier = window.tiers.findLast((each) => usage.inputTokens > each.aboveInputTokens);
      if (tier === undefined) throw new RangeError('a model of the catalogue has no base price');
      return { ...tier, ...describe(entry, usage.model), window };
    },
  });
}

interface TariffChoice {
  readonly fromTenant: (own: Tariff) => Tariff;
  readonly fromCatalogue: (entry: CatalogueModel) => Tariff;
}

function priced(tokens: UsageTokens, rates: readonly TenantRate[], choice: TariffChoice): Price {
  checkTokens(tokens);
  const { model, provider } = tokens;
  const own = tenantTariff(model, provider, rates);
  if (own === 'ambiguous') return { kind: 'unknown', model };
  const entry = own === undefined ? findModel(model, provider) : undefined;
  const tariff = own
    ? choice.fromTenant(own)
    : entry === undefined
      ? undefined
      : choice.fromCatalogue(entry);
  if (tariff === undefined) {
    return { kind: 'unknown', model, ...(provider === undefined ? {} : { provider }) };
  }
  const femtoUsd =
    BigInt(tokens.inputTokens - tokens.cachedInputTokens) * tariff.input +
    BigInt(tokens.cachedInputTokens) * tariff.cachedInput +
    BigInt(tokens.outputTokens) * tariff.output +
    tariff.perRequestFemtoUsd;
  const nanoUsd = roundToNano(femtoUsd);
  return { kind: 'priced', nanoUsd, model, provider: tariff.provider, rates: applied(tariff) };
}

/**
 * The tenant's own rate. Without a provider: the tenant's only rate for the name, else the one for
 * the provider that the name stands for; several others are ambiguous, and not guessed between.
 */
function tenantTariff(
  model: string,
  provider: string | undefined,
  rates: readonly TenantRate[],
): Tariff | 'ambiguous' | undefined {
  const named = rates.filter((rate) => rate.model === model);
  if (named.length === 0) return undefined;
  const wanted = provider ?? (named.length === 1 ? named[0]?.provider : canonicalProvider(model));
  const rate = named.find((each) => each.provider === wanted);
  if (rate === undefined) return provider === undefined ? 'ambiguous' : undefined;
  return {
    source: 'tenant',
    provider: rate.provider,
    aboveInputTokens: -1,
    input: parseRate(rate.inputPerMTokUsd),
    output: parseRate(rate.outputPerMTokUsd),
    cachedInput: parseRate(rate.cachedInputPerMTokUsd ?? rate.inputPerMTokUsd),
    perRequestFemtoUsd: 0n,
  };
}

function checkTokens(tokens: UsageTokens): void {
  const { inputTokens, outputTokens, cachedInputTokens } = tokens;
  for (const count of [inputTokens, outputTokens, cachedInputTokens]) {
    if (!Number.isSafeInteger(count) || count < 0) {
      throw new RangeError(`not a whole number of tokens: ${count}`);
    }
  }
  if (cachedInputTokens > inputTokens) throw new RangeError('more cached tokens than input tokens');
}

function describe(entry: CatalogueModel, asked: string) {
  const alias = entry.id === asked ? {} : { catalogueModel: entry.id };
  return { source: 'catalogue', provider: entry.provider, ...alias } as const;
}

/** The last window whose constraint holds, as the catalogue's package reads its own prices. */
function windowAt({ windows }: CatalogueModel, at: Date): PriceWindow {
  const seconds = (at.getTime() / 1000) % 86_400;
  const found = windows.findLast(({ since, daily }) => {
    if (since !== undefined) return at >= since;
    if (daily === undefined) return true;
    const { from, to } = daily;
    return to < from ? seconds >= from || seconds < to : seconds >= from && seconds < to;
  });
  const window = found ?? windows[0];
  if (window === undefined) throw new RangeError('a model of the catalogue has no prices');
  return window;
}

/**
 * Every window that can be the one in force at `at` or later. A window is out of reach for good
 * once a later one without hours has begun; a price that ended in the past holds nothing back.
 */
function reachableWindows({ windows }: CatalogueModel, at: Date): readonly PriceWindow[] {
  const inForce = windows.findLastIndex(
    ({ since, daily }) => daily === undefined && (since === undefined || at >= since),
  );
  return windows.slice(Math.max(inForce, 0));
}

/** The dearest rate of each kind, so that no mixture of tokens can cost more. */
function dearest(tiers: readonly Tier[]): Tier {
  const most = (of: (tier: Tier) => bigint): bigint =>
    tiers.reduce((best, tier) => (of(tier) > best ? of(tier) : best), 0n);
  const input = most((tier) => (tier.cachedInput > tier.input ? tier.cachedInput : tier.input));
  return {
    aboveInputTokens: Math.max(...tiers.map((tier) => tier.aboveInputTokens)),
    input,
    cachedInput: input,
    output: most((tier) => tier.output),
    perRequestFemtoUsd: most((tier) => tier.perRequestFemtoUsd),
  };
}

function applied(tariff: Tariff): AppliedRates {
  const { source, catalogueModel, window, aboveInputTokens, perRequestFemtoUsd } = tariff;
  return {
    source,
    catalogueVersion,
    ...(catalogueModel === undefined ? {} : { catalogueModel }),
    inputPerMTokUsd: formatRate(tariff.input),
    outputPerMTokUsd: formatRate(tariff.output),
    cachedInputPerMTokUsd: formatRate(tariff.cachedInput),
    ...(perRequestFemtoUsd === 0n
      ? {}
      : { perThousandRequestsUsd: formatRate(perRequestFemtoUsd / 1_000n) }),
    ...(aboveInputTokens < 0 ? {} : { tier: { aboveInputTokens } }),
    ...(window?.since === undefined ? {} : { since: window.since.toISOString().slice(0, 10) }),
    ...(window?.daily === undefined ? {} : { hours: window.daily.text }),
  };
}
