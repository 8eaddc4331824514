import { readFileSync } from 'node:fs';
import path from 'node:path';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { CATALOGUE_TABLE } from '../../../core/prices/catalogue.generated';
import { canonicalProvider, catalogueVersion, findModel } from '../../../core/prices/catalogue';
import { priceUsage } from '../../../core/prices/price';
import { catalogueSource } from '../../../scripts/build-catalogue';

const FILE = path.join(__dirname, '../../../core/prices/catalogue.generated.ts');
const ROWS = CATALOGUE_TABLE.trim().split('\n');

test('the committed table is what the package gives today, byte for byte', async () => {
  expect(readFileSync(FILE, 'utf8')).toBe(await catalogueSource());
});

test('the version names the package and its release', () => {
  expect(catalogueVersion).toMatch(/^genai-prices \d+\.\d+\.\d+$/);
});

test('every line of the table can be found again and read', () => {
  expect(ROWS.length).toBeGreaterThan(2_000);
  for (const row of ROWS) {
    const [name = '', provider = ''] = row.split(' ');
    const found = findModel(name, provider.replace('*', ''));
    expect(found?.windows.every((window) => window.tiers.length > 0)).toBe(true);
    expect(!provider.startsWith('*') || findModel(name)?.provider === found?.provider).toBe(true);
  }
});

describe('names', () => {
  test.each([
    ['gpt-4o-mini', undefined, 'openai', 'gpt-4o-mini'],
    ['gpt-4o-mini-2024-07-18', undefined, 'openai', 'gpt-4o-mini'],
    ['claude-sonnet-4-5', undefined, 'anthropic', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-5-20250929', undefined, 'anthropic', 'claude-sonnet-4-5'],
    ['claude-sonnet-4-5', 'google', 'google', 'claude-sonnet-4-5'],
    ['gemini-2.5-pro', undefined, 'google', 'gemini-2.5-pro'],
    ['gpt-4o', 'azure', 'azure', 'gpt-4o'],
  ])('%s of %s is found', (name, asked, provider, id) => {
    expect(findModel(name, asked)).toMatchObject({ provider, id });
  });

  test.each([
    ['claude-sonnet-4-5-foo', undefined],
    ['claude-sonnet-4-5-20250930', undefined],
    ['gpt-4o-mini ', undefined],
    [' gpt-4o-mini', undefined],
    ['GPT-4O-MINI', undefined],
    ['gpt-4o-min', undefined],
    ['pt-4o-mini', undefined],
    ['gpt-4o-mini', 'open'],
    ['gpt-4o-mini', 'openai '],
    ['gpt-4o-mini', '*openai'],
    ['gpt-4o-mini *openai 0', undefined],
    ['gpt-4o-mini', ''],
    ['gpt-4o-mini', '__proto__'],
    ['gpt-4o-mini', 'constructor'],
    ['gpt-4o-mini', 'anthropic'],
    ['', undefined],
    ['\n', undefined],
    ['*', undefined],
    ['whisper-1', undefined],
  ])('%j of %j is unknown', (name, provider) => {
    expect(findModel(name, provider)).toBeUndefined();
  });

  test('a name that several sell and that stands for none of them has no provider', () => {
    expect(findModel('openai/gpt-oss-120b', 'groq')).toBeDefined();
    expect(canonicalProvider('openai/gpt-oss-120b')).toBeUndefined();
  });
});

describe('prices against the package itself', () => {
  const TOKENS = [
    [1_000, 500, 0],
    [150_000, 2_000, 100_000],
    [200_000, 1, 200_000],
    [200_001, 7, 1],
    [900_000, 70_000, 0],
    [0, 0, 0],
  ] as const;
  const TIMES = ['2025-01-01T00:00:00Z', '2026-11-30T02:30:00.500Z', '2026-11-30T16:30:00Z'];

  test('every name that the package resolves costs the same there, within a float error', async () => {
    const sellers = new Set((await waitForUpdate())?.map((provider) => provider.id));
    let compared = 0;
    for (const [index, row] of ROWS.entries()) {
      const [name = '', starred = ''] = row.split(' ');
      const provider = starred.replace('*', '');
      expect(sellers.has(provider)).toBe(true);
      const [inputTokens, outputTokens, cachedInputTokens] = TOKENS[index % TOKENS.length]!;
      const timestamp = new Date(TIMES[index % TIMES.length]!);
      const usage = {
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        ...(cachedInputTokens === 0 ? {} : { cache_read_tokens: cachedInputTokens }),
      };
      const theirs = calcPrice(usage, name, { providerId: provider, timestamp });
      // The package finds some models only under longer names than their ids.
      if (theirs === null) continue;
      const ours = priceUsage(
        { model: name, provider, inputTokens, outputTokens, cachedInputTokens },
        [],
        timestamp,
      );
      if (ours.kind !== 'priced') throw new Error(`${provider} ${name} has no price`);
      const difference = Math.abs(Number(ours.nanoUsd) / 1e9 - theirs.total_price);
      expect([name, difference <= 0.51e-9 + theirs.total_price * 1e-12]).toEqual([name, true]);
      compared += 1;
    }
    expect(compared).toBeGreaterThan(2_000);
  });

  test.each(['gpt-4o', 'claude-sonnet-4-5', 'grok-4', 'deepseek-chat', 'o3'])(
    'azure sells %s at the price that the package gives',
    (model) => {
      const timestamp = new Date('2026-11-30T12:00:00Z');
      const theirs = calcPrice({ input_tokens: 1_000_000, output_tokens: 1_000_000 }, model, {
        providerId: 'azure',
        timestamp,
      });
      const tokens = { inputTokens: 1_000_000, outputTokens: 1_000_000, cachedInputTokens: 0 };
      const ours = priceUsage({ model, provider: 'azure', ...tokens }, [], timestamp);
      expect(ours).toMatchObject({ kind: 'priced', provider: 'azure' });
      if (ours.kind !== 'priced') return;
      expect(Number(ours.nanoUsd) / 1e9).toBeCloseTo(theirs?.total_price ?? Number.NaN, 9);
    },
  );
});
