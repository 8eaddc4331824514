import type { ChildCloud } from '../../local/child-cloud';
import {
  API,
  callServer,
  START_PATIENCE_MS,
  startLocalCloud,
  tokenFor,
} from '../support/local-cloud';
import { nano, Orchestrator, type UsageItem } from '../support/orchestrator';
import { Random } from '../support/random';

jest.setTimeout(START_PATIENCE_MS + 180_000);

/** Another one may be tried with SEED; a failing one is named in the test's title. */
const SEED = Number(process.env['SEED'] ?? 20_261_123);
const RUNS = 200;
const LANES = 16;
const TENANT = 'acme';
/** Little enough that some are refused. */
const LIMIT_USD = '13.00';

const MODELS = [
  { model: 'gpt-4o-mini', provider: 'openai' },
  { model: 'gpt-4o' },
  { model: 'claude-sonnet-4-5' },
  { model: 'gemini-2.5-pro', provider: 'google' },
  { model: 'sonar-pro', provider: 'perplexity' },
  { model: 'house-model', provider: 'house' },
  { model: 'o3-mini', provider: 'openai' },
] as const;
const HOUSE_RATES = [
  { inputPerMTokUSD: '0.333333333', outputPerMTokUSD: '1.000000001', cachedInputPerMTokUSD: '0.1' },
  { inputPerMTokUSD: '0.7', outputPerMTokUSD: '2.123456789' },
];

interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cachedInput: number;
}

/** What a report that was answered said, under `run/step`. */
type Said = { readonly costUSD: string } | { readonly tokens: Tokens };

let cloud: ChildCloud;
let acme: Orchestrator;
const said = new Map<string, Said>();
const refusals: number[] = [];

beforeAll(async () => {
  cloud = await startLocalCloud({ clockStart: '2026-11-15T12:00:00Z' });
  acme = await Orchestrator.of(cloud.url, TENANT);
  await putPolicy(0);
});
afterAll(async () => {
  await cloud.stop();
});

async function putPolicy(version: number): Promise<void> {
  const token = await tokenFor(cloud.url, { tenant: TENANT });
  const { status } = await callServer(cloud.url, 'PUT', `${API}/billing/policies/${TENANT}`, {
    token,
    headers: version === 0 ? { 'if-none-match': '*' } : { 'if-match': `"v${version}"` },
    body: {
      budget: { mode: 'hard-cap', limitUSD: LIMIT_USD },
      rates: [
        { model: 'house-model', provider: 'house', ...HOUSE_RATES[version] },
        // Dearer than the catalogue's, and named for a provider that it is not asked from.
        { model: 'o3-mini', provider: 'azure', inputPerMTokUSD: '9', outputPerMTokUSD: '9' },
      ],
    },
  });
  expect(status).toBe(version === 0 ? 201 : 200);
}

function randomTokens(random: Random): Tokens {
  const input = random.chance(10) ? random.between(200_000, 202_000) : random.between(0, 4_000);
  const cachedInput = random.chance(50) ? random.below(input + 1) : 0;
  return { input, output: random.between(0, 900), cachedInput };
}

const randomCost = (random: Random, most: number) =>
  `0.${String(random.below(most)).padStart(9, '0')}`;

/** Reports, now and then twice, and remembers what was said. */
async function report(random: Random, run: string, step: string, more: object): Promise<void> {
  const isPriced = random.chance(70);
  const tokens = randomTokens(random);
  const costUSD = randomCost(random, 30_000_000);
  const usage = { ...more, ...(isPriced ? { tokens } : { costUSD }) };
  const first = await acme.report(run, step, usage);
  expect([200, 201]).toContain(first.status);
  said.set(`${run}/${step}`, isPriced ? { tokens } : { costUSD });
  if (!random.chance(15)) return;
  const again = await acme.report(run, step, usage);
  expect([again.status, again.body['costUSD']]).toEqual([200, first.body['costUSD']]);
}

async function takeStep(random: Random, run: string, step: string): Promise<void> {
  const model = random.pick(MODELS);
  if (random.chance(15)) return report(random, run, step, model);
  const { input, output } = randomTokens(random);
  const estimate = random.chance(60)
    ? { ...model, estimatedTokens: { input, output } }
    : { ...model, estimatedCostUSD: randomCost(random, 40_000_000) };
  const { status } = await acme.checkStep(run, step, estimate);
  expect([200, 201, 402]).toContain(status);
  if (status === 402) refusals.push(status);
  // One in ten says nothing of what became of it.
  else if (!random.chance(10)) await report(random, run, step, random.chance(50) ? {} : model);
}

async function liveRun(index: number): Promise<void> {
  // Each run has a generator of its own, so that it does not matter which call comes first.
  const random = new Random(SEED + index * 7_919);
  const run = `run-${index}`;
  const estimate = random.chance(50)
    ? { estimatedCostUSD: randomCost(random, 120_000_000) }
    : { estimate: [{ ...random.pick(MODELS), inputTokens: 4_000, outputTokens: 900, count: 2 }] };
  const opened = await acme.openRun(run, estimate);
  expect([200, 201, 402]).toContain(opened.status);
  if (opened.status === 402) return void refusals.push(402);
  const steps = random.between(1, 4);
  for (let step = 1; step <= steps; step += 1) await takeStep(random, run, `s${step}`);
  if (random.chance(15)) return;
  const completed = await acme.complete(run, random.pick(['succeeded', 'failed', 'cancelled']));
  expect(completed.status).toBe(200);
  if (random.chance(15)) await report(random, run, 'late', random.pick(MODELS));
}

/** The rate in femto-USD for a token: USD for a million tokens with nine decimals is a whole one. */
const femto = (usdPerMTok: unknown) => {
  const [whole = '', decimals = ''] = String(usdPerMTok).split('.');
  return BigInt(`${whole}${decimals.padEnd(9, '0')}`);
};

/** What a record has to cost by its own rates, in nano-USD: exact, rounded once, halves up. */
function costBy(rates: UsageItem['rates'], { input, output, cachedInput }: Tokens): bigint {
  const perRequest = femto(rates['perThousandRequestsUsd'] ?? '0') * 1_000n;
  const exact =
    BigInt(input - cachedInput) * femto(rates['inputPerMTokUsd']) +
    BigInt(cachedInput) * femto(rates['cachedInputPerMTokUsd']) +
    BigInt(output) * femto(rates['outputPerMTokUsd']) +
    perRequest;
  const nanos = exact / 1_000_000n;
  return exact % 1_000_000n >= 500_000n ? nanos + 1n : nanos;
}

test(`${RUNS} runs of seed ${SEED}: the ledger's spend is an independent exact sum`, async () => {
  let next = 0;
  const lane = async () => {
    while (next < RUNS) {
      const index = next;
      next += 1;
      if (index === RUNS / 2) await putPolicy(1);
      await liveRun(index);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await Promise.all(
    Array.from({ length: RUNS }, (_, index) => acme.complete(`run-${index}`, 'cancelled')),
  );

  const usage = await acme.usage();
  const keys = usage.map(({ runId, stepId }) => `${runId}/${stepId}`);
  expect(keys.toSorted()).toEqual([...said.keys()].toSorted());
  let expected = 0n;
  for (const [index, record] of usage.entries()) {
    const key = keys[index] ?? '';
    const what = said.get(key) as Said;
    const isPriced = 'tokens' in what;
    const cost = isPriced ? costBy(record.rates, what.tokens) : nano(what.costUSD);
    expect([key, nano(record.costUSD)]).toEqual([key, cost]);
    expect([key, record.rates['source'] === 'caller']).toEqual([key, !isPriced]);
    expected += cost;
  }
  const budget = await acme.budget();
  expect(nano(budget.spentUSD)).toBe(expected);
  expect(budget).toMatchObject({ limitUSD: LIMIT_USD, reservedUSD: '0.00' });
  await acme.sweep();
  expect(await acme.budget()).toMatchObject({ spentUSD: budget.spentUSD, reservedUSD: '0.00' });
  expectVariety(usage);
});

/** A workload without these would prove little. */
function expectVariety(usage: readonly UsageItem[]): void {
  const rates = usage.map((record) => record.rates);
  const count = (isMeant: (rate: UsageItem['rates']) => boolean) => rates.filter(isMeant).length;
  expect(usage.length).toBeGreaterThan(RUNS);
  expect(refusals.length).toBeGreaterThan(0);
  expect(usage.filter(({ tokens }) => (tokens?.cachedInput ?? 0) > 0).length).toBeGreaterThan(0);
  expect(count(({ source }) => source === 'tenant')).toBeGreaterThan(0);
  expect(count(({ tier }) => tier !== undefined)).toBeGreaterThan(0);
  expect(
    count(({ perThousandRequestsUsd }) => perThousandRequestsUsd !== undefined),
  ).toBeGreaterThan(0);
  const house = rates.filter(({ source }) => source === 'tenant');
  const published = HOUSE_RATES.map(({ inputPerMTokUSD }) => inputPerMTokUSD);
  expect(new Set(house.map(({ inputPerMTokUsd }) => inputPerMTokUsd))).toEqual(new Set(published));
}
