import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { assert, bigInt, property } from 'fast-check';
import { costNanoUsd, formatUsd, parseNanoUsd } from '../../../local/replay/exact';
import { Latencies } from '../../../local/replay/latencies';
import { readOptions } from '../../../local/replay/options';
import { makeTrace, readTrace } from '../../../local/replay/trace';

describe('exact sums', () => {
  const rates = { inputPerMTokUsd: '0.15', outputPerMTokUsd: '0.6' };

  it.each([
    [{ input: 4808, output: 10 }, 727_200n],
    [{ input: 0, output: 0 }, 0n],
    [{ input: 1_000_000_000, output: 1_000_000_000 }, 750_000_000_000n],
  ])('costs %o', (tokens, expected) => {
    expect(costNanoUsd(tokens, rates)).toBe(expected);
  });

  it('rounds once, halves up', () => {
    const half = { inputPerMTokUsd: '0.0005', outputPerMTokUsd: '0.0005' };
    expect(costNanoUsd({ input: 1, output: 0 }, half)).toBe(1n);
    expect(costNanoUsd({ input: 1, output: 1 }, half)).toBe(1n);
    const less = { inputPerMTokUsd: '0.000499999', outputPerMTokUsd: '0' };
    expect(costNanoUsd({ input: 1, output: 0 }, less)).toBe(0n);
  });

  it('reads what it writes', () => {
    assert(
      property(bigInt({ min: 0n, max: 10n ** 21n }), (nano) => {
        expect(parseNanoUsd(formatUsd(nano).slice(1))).toBe(nano);
      }),
    );
  });
});

describe('latencies', () => {
  it('are told by nearest rank', () => {
    const latencies = new Latencies();
    for (let ms = 100; ms >= 1; ms -= 1) latencies.add('usage', ms);
    latencies.add('completion', 1000);
    expect(latencies.percentiles('usage')).toEqual({ calls: 100, p50: 50, p95: 95, p99: 99 });
    expect(latencies.percentiles()).toMatchObject({ calls: 101, p50: 51 });
    expect(latencies.percentiles('run check')).toEqual({ calls: 0, p50: 0, p95: 0, p99: 0 });
  });
});

describe('options of a replay', () => {
  it('have defaults', () => {
    expect(readOptions(['trace.csv', '--seed', '7'])).toEqual({
      file: 'trace.csv',
      tenant: 'acme',
      model: 'gpt-4o-mini',
      provider: 'openai',
      limitUsd: '5',
      concurrency: 32,
      speed: Number.POSITIVE_INFINITY,
      url: undefined,
      stepsPerRun: 5,
      seed: 7,
    });
  });

  it.each([
    ['--concurrency', '0'],
    ['--speed', 'fast'],
    ['--limit-usd', '0.00'],
    ['--limit-usd', '1e3'],
    ['--url', 'somewhere'],
    ['--steps-per-run', '101'],
  ])('refuse %s %s by name', (name, value) => {
    expect(() => readOptions([name, value])).toThrow(new RegExp(`^${name} must be .*not ${value}`));
  });

  it('refuse unknown ones and a second file', () => {
    expect(() => readOptions(['--what'])).toThrow('--what');
    expect(() => readOptions(['a.csv', 'b.csv'])).toThrow('a.csv, b.csv');
  });
});

describe('a trace', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'maestro-trace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const read = (text: string) => {
    const file = join(folder, 'trace.csv');
    writeFileSync(file, text);
    return readTrace(file);
  };
  const HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';

  it('is read in the order of time, whatever its columns, line ends and zone', async () => {
    const text = [
      '\uFEFFid,GeneratedTokens,TIMESTAMP,ContextTokens',
      'b,8,2023-11-16 18:17:04.0319600,3180',
      'a,10,2023-11-16T18:17:03.979Z,4808',
      '',
    ].join('\r\n');
    expect(await read(text)).toEqual([
      { offsetMs: 0, inputTokens: 4808, outputTokens: 10 },
      { offsetMs: 52, inputTokens: 3180, outputTokens: 8 },
    ]);
  });

  it.each([
    ['', /holds no request/],
    [`${HEADER}\n`, /holds no request/],
    [
      'time,tokens\n1,2\n',
      /line 1: column TIMESTAMP and ContextTokens and GeneratedTokens is missing/,
    ],
    [`${HEADER}\nsoon,1,2\n`, /line 2: TIMESTAMP must be a time, not "soon"/],
    [`${HEADER}\n2023-11-16 18:17:03,1.5,2\n`, /line 2: ContextTokens .* not "1.5"/],
    [`${HEADER}\n2023-11-16 18:17:03,1,\n`, /line 2: GeneratedTokens .* not ""/],
    [`${HEADER}\n2023-11-16 18:17:03,1,2\n2023-11-16 18:17:03,1\n`, /line 3: /],
    [`${HEADER}\n2023-11-16 18:17:03,1,"2\n`, /line 2: /],
  ])('that is bad is refused with its line: %j', async (text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });

  it('that is not there is named', async () => {
    await expect(readTrace(join(folder, 'none.csv'))).rejects.toThrow(
      /There is no file .*none\.csv/,
    );
  });

  it('made from a seed is always the same', () => {
    expect(makeTrace(7)).toEqual(makeTrace(7));
    expect(makeTrace(8)).not.toEqual(makeTrace(7));
    expect(
      makeTrace(7).every(({ inputTokens, outputTokens }) => inputTokens > 0 && outputTokens > 0),
    ).toBe(true);
  });
});
