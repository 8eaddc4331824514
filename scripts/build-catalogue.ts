/**
 * Turns the price data of `@pydantic/genai-prices` into the text table that the functions carry
 * (`core/prices/catalogue.generated.ts`). Run `npm run catalogue` after raising the package's
 * version; a unit test fails while the committed table is not what this script makes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import {
  calcPrice,
  findProvider,
  waitForUpdate,
  type ConditionalPrice,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice,
  type Provider,
  type TieredPrices,
} from '@pydantic/genai-prices';
import { DOCUMENTED_ALIASES } from './catalogue-aliases';

const OUTPUT = path.join(__dirname, '..', 'core', 'prices', 'catalogue.generated.ts');

/** The rate of one kind of token by the size of the request: `[0, base], [start, price]…`. */
type Steps = readonly (readonly [start: number, price: number])[];

/** One name under which a provider sells a model. */
interface Entry {
  readonly name: string;
  readonly provider: string;
  /** The model's prices, or `=id` for an alias. */
  readonly prices: string;
}

/**
 * Writes a rate with at most 9 decimals. The package's numbers are the shortest decimals that
 * round-trip, so their text is the price as published; a longer one is float noise from upstream.
 */
function decimalText(price: number): string {
  const [mantissa = '', exponent = '0'] = price.toString().split('e');
  const [whole = '', decimals = ''] = mantissa.split('.');
  const scale = 9 + Number(exponent);
  const digits = BigInt(whole + decimals);
  const shift = scale - decimals.length;
  const scaled = shift >= 0 ? digits * 10n ** BigInt(shift) : roundedQuotient(digits, -shift);
  const fraction = (scaled % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return fraction === '' ? `${scaled / 1_000_000_000n}` : `${scaled / 1_000_000_000n}.${fraction}`;
}

function roundedQuotient(digits: bigint, decimals: number): bigint {
  const divisor = 10n ** BigInt(decimals);
  return (2n * digits + divisor) / (2n * divisor);
}

function steps(price: number | TieredPrices | undefined): Steps | undefined {
  if (price === undefined) return undefined;
  if (typeof price === 'number') return [[0, price]];
  const tiers = price.tiers.toSorted((a, b) => a.start - b.start);
  return [[0, price.base], ...tiers.map((tier) => [tier.start, tier.price] as const)];
}

/** The package prices the whole request at the last tier whose start it exceeds. */
function priceAt(rate: Steps, start: number): number {
  return rate.findLast(([from]) => from <= start)?.[1] ?? 0;
}

/** `in/out[/cached][+perThousandRequests]`, one for each tier, `start>` before all but the first. */
function tierText(prices: ModelPrice): string | undefined {
  const input = steps(prices['input_mtok']);
  const output = steps(prices['output_mtok']);
  if (input === undefined && output === undefined) return undefined;
  const cached = steps(prices['cache_read_mtok']);
  const request = prices['requests_kcount'];
  if (typeof request === 'object') throw new Error('a tiered price per request is not foreseen');
  const starts = new Set([input, output, cached].flatMap((rate) => (rate ?? []).map(([at]) => at)));
  return [...starts]
    .toSorted((a, b) => a - b)
    .map((start) => {
      const rates = [input ?? [[0, 0]], output ?? [[0, 0]], ...(cached ? [cached] : [])] as Steps[];
      const text = rates.map((rate) => decimalText(priceAt(rate, start))).join('/');
      const fee = request === undefined ? '' : `+${decimalText(request)}`;
      return `${start === 0 ? '' : `${start}>`}${text}${fee}`;
    })
    .join(',');
}

function constraintText(constraint: ConditionalPrice['constraint']): string {
  if (constraint === undefined) return '';
  if (constraint.type === 'start_date') return `${constraint.start_date}@`;
  return `${utcTime(constraint.start_time)}-${utcTime(constraint.end_time)}@`;
}

function utcTime(time: string): string {
  const match = /^(\d{2}:\d{2}:\d{2})Z$/.exec(time);
  if (match?.[1] === undefined) throw new Error(`time of day in another zone: ${time}`);
  return match[1];
}

/** Windows in the package's order; undefined for a model that is not sold by the token. */
function priceText(model: ModelInfo): string | undefined {
  const windows = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const texts = windows.map((window) => {
    const tiers = tierText(window.prices);
    return tiers === undefined ? undefined : constraintText(window.constraint) + tiers;
  });
  return texts.includes(undefined) ? undefined : texts.join(';');
}

/** Names that the catalogue gives as exact spellings; patterns are left out on purpose. */
function exactNames(match: MatchLogic): string[] {
  if ('equals' in match) return [match.equals];
  return 'or' in match ? match.or.flatMap(exactNames) : [];
}

function documentedNames(provider: Provider, model: ModelInfo): string[] {
  const listed = Object.entries(DOCUMENTED_ALIASES[provider.id] ?? {});
  return listed.filter(([, id]) => id === model.id).map(([name]) => name);
}

function entriesOf(provider: Provider): Entry[] {
  const found = new Map<string, { id: string; entry: Entry }>();
  for (const model of provider.models) {
    const prices = priceText(model);
    if (prices === undefined) continue;
    const names = [model.id, ...exactNames(model.match), ...documentedNames(provider, model)];
    for (const name of new Set(names)) {
      if (/[\s`\\$]/.test(name)) throw new Error(`a name that the table cannot hold: ${name}`);
      const resolved = calcPrice({}, name, { providerId: provider.id })?.model.id ?? model.id;
      const other = found.get(name)?.id ?? resolved;
      if (other !== model.id) throw new Error(`${provider.id} ${name}: ${other} or ${model.id}?`);
      const entry = {
        name,
        provider: provider.id,
        prices: name === model.id ? prices : `=${model.id}`,
      };
      found.set(name, { id: model.id, entry });
    }
  }
  return [...found.values()].map(({ entry }) => entry);
}

/**
 * Whose price a name has if the caller names no provider: the provider that the package takes such
 * names for, if it sells that very name; else the only one that sells it; else nobody.
 */
function canonicalProvider(name: string, sellers: readonly string[]): string | undefined {
  const owner = findProvider({ modelId: name.toLowerCase() })?.id;
  if (owner !== undefined && sellers.includes(owner)) return owner;
  return sellers.length === 1 ? sellers[0] : undefined;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function tableRows(providers: readonly Provider[]): string[] {
  const byName = new Map<string, Entry[]>();
  for (const entry of providers.flatMap(entriesOf)) {
    byName.set(entry.name, [...(byName.get(entry.name) ?? []), entry]);
  }
  return [...byName]
    .toSorted(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([name, entries]) => {
      const sellers = entries.map((entry) => entry.provider).toSorted(byCodeUnit);
      const canonical = canonicalProvider(name, sellers);
      return entries
        .toSorted((a, b) => byCodeUnit(a.provider, b.provider))
        .map(({ provider, prices }) => {
          return `${name} ${provider === canonical ? '*' : ''}${provider} ${prices}`;
        });
    });
}

function packageVersion(): string {
  // The package exports no package.json, so it is read from beside its entry file.
  const entry = createRequire(__filename).resolve('@pydantic/genai-prices');
  const text = readFileSync(path.join(path.dirname(entry), '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The whole text of the generated file. The same package version always gives the same text. */
export async function catalogueSource(): Promise<string> {
  const providers = (await waitForUpdate()) ?? [];
  const fallbacks = providers
    .filter((provider) => provider.fallback_model_providers !== undefined)
    .map((provider) => `  ${provider.id}: '${provider.fallback_model_providers?.join(' ')}',`);
  return [
    '// Made by scripts/build-catalogue.ts from @pydantic/genai-prices (MIT). Do not edit.',
    `export const CATALOGUE_VERSION = 'genai-prices ${packageVersion()}';`,
    '',
    "/** Providers that also sell other providers' models, at those providers' prices. */",
    'export const CATALOGUE_FALLBACKS: Readonly<Record<string, string | undefined>> = {',
    ...fallbacks,
    '};',
    '',
    '/** One name of one provider on each line; read by catalogue.ts, which explains the form. */',
    'export const CATALOGUE_TABLE = `',
    ...tableRows(providers),
    '`;',
    '',
  ].join('\n');
}

if (require.main === module) {
  void catalogueSource().then((source) => {
    writeFileSync(OUTPUT, source);
    console.log(`${path.relative(process.cwd(), OUTPUT)}: ${source.length} characters`);
  });
}
