import { CATALOGUE_FALLBACKS, CATALOGUE_TABLE, CATALOGUE_VERSION } from './catalogue.generated';
import { parseRate, type FemtoUsdPerToken } from './rate';

/**
 * The model catalogue as a text table that is searched, never parsed whole: it costs nothing to
 * load and a look-up costs microseconds. One line for each name of each provider:
 *
 *     name provider =id                    an alias of the provider's model `id`
 *     name provider window;window…         prices, the last window that applies counts
 *
 * The provider carries a `*` where the name alone, without a provider, means this provider. A
 * window is `constraint@tier,tier…`; the constraint is a first day (`2026-08-17@`), hours of the
 * day in UTC (`00:30:00-16:30:00@`) or absent. A tier is `start>in/out/cached+fee`: USD for a
 * million tokens, without `cached` it costs as much as other input, the fee is USD for a thousand
 * requests, and the tier applies to the whole request once its input has more than `start` tokens.
 */
export interface Tier {
  readonly aboveInputTokens: number;
  readonly input: FemtoUsdPerToken;
  readonly output: FemtoUsdPerToken;
  readonly cachedInput: FemtoUsdPerToken;
  readonly perRequestFemtoUsd: bigint;
}

export interface PriceWindow {
  /** Applies from this instant on. */
  readonly since?: Date;
  /** Applies at these hours, in seconds since midnight UTC; an end before the start is past it. */
  readonly daily?: { readonly from: number; readonly to: number; readonly text: string };
  /** Ascending by `aboveInputTokens`; the first one is the base, at -1. */
  readonly tiers: readonly Tier[];
}

export interface CatalogueModel {
  /** The catalogue's own id, which differs from the name asked for if that is an alias. */
  readonly id: string;
  readonly provider: string;
  readonly windows: readonly PriceWindow[];
}

/** Name and version of the package that the table was made from. */
export const catalogueVersion: string = CATALOGUE_VERSION;

/** USD for a thousand requests, read as if for a million tokens, is a thousand times too small. */
const FEE_SCALE = 1_000n;
const REMEMBERED_MODELS = 500;
const NAME = /^[^\s*]+$/;

const remembered = new Map<string, CatalogueModel | undefined>();

/**
 * The catalogue's entry for an exact name or documented alias. Without a provider: the entry of
 * the provider that the name alone stands for, undefined if the name is sold by several and stands
 * for none of them.
 */
export function findModel(model: string, provider?: string): CatalogueModel | undefined {
  if (!NAME.test(model) || (provider !== undefined && !NAME.test(provider))) return undefined;
  const key = provider === undefined ? model : `${model} ${provider}`;
  if (remembered.has(key)) return remembered.get(key);
  // Names come from callers: without a bound a stream of new ones would fill the memory.
  if (remembered.size >= REMEMBERED_MODELS) remembered.clear();
  const found = provider === undefined ? findCanonical(model) : findSold(model, provider);
  remembered.set(key, found);
  return found;
}

/** The provider that a name alone stands for. */
export function canonicalProvider(model: string): string | undefined {
  return findModel(model)?.provider;
}

function findCanonical(model: string): CatalogueModel | undefined {
  const row = rowAfter(`\n${model} *`);
  const provider = row?.slice(0, row.indexOf(' '));
  return provider === undefined ? undefined : findSold(model, provider);
}

function findSold(model: string, provider: string): CatalogueModel | undefined {
  const own = findOwn(model, provider);
  if (own !== undefined) return own;
  if (!Object.hasOwn(CATALOGUE_FALLBACKS, provider)) return undefined;
  for (const other of CATALOGUE_FALLBACKS[provider]?.split(' ') ?? []) {
    const lent = findOwn(model, other);
    if (lent !== undefined) return { ...lent, provider };
  }
  return undefined;
}

function findOwn(model: string, provider: string): CatalogueModel | undefined {
  const prices = rowAfter(`\n${model} ${provider} `) ?? rowAfter(`\n${model} *${provider} `);
  if (prices === undefined) return undefined;
  if (prices.startsWith('=')) return findOwn(prices.slice(1), provider);
  return { id: model, provider, windows: prices.split(';').map(parseWindow) };
}

function rowAfter(start: string): string | undefined {
  const at = CATALOGUE_TABLE.indexOf(start);
  if (at < 0) return undefined;
  return CATALOGUE_TABLE.slice(at + start.length, CATALOGUE_TABLE.indexOf('\n', at + 1));
}

function parseWindow(text: string): PriceWindow {
  const at = text.indexOf('@');
  const tiers = text
    .slice(at + 1)
    .split(',')
    .map(parseTier);
  const constraint = text.slice(0, Math.max(at, 0));
  if (constraint === '') return { tiers };
  if (!constraint.includes(':')) return { since: new Date(`${constraint}T00:00:00Z`), tiers };
  const [from = '', to = ''] = constraint.split('-');
  return { daily: { from: secondsOfDay(from), to: secondsOfDay(to), text: constraint }, tiers };
}

function parseTier(text: string): Tier {
  const [, start, rates = '', fee = '0'] = /^(?:(\d+)>)?([^+]+)(?:\+(.+))?$/.exec(text) ?? [];
  const [input = '', output = '', cached = input] = rates.split('/');
  return {
    aboveInputTokens: start === undefined ? -1 : Number(start),
    input: parseRate(input),
    output: parseRate(output),
    cachedInput: parseRate(cached),
    perRequestFemtoUsd: parseRate(fee) * FEE_SCALE,
  };
}

function secondsOfDay(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}
