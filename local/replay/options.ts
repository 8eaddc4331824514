import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { StartFault } from '../start-fault';
import { parseDecimal } from './exact';

export interface ReplayOptions {
  /** Undefined: a trace of the replay's own. */
  readonly file: string | undefined;
  readonly tenant: string;
  readonly model: string;
  readonly provider: string;
  /** Decimal text. */
  readonly limitUsd: string;
  /** Runs in progress at once. */
  readonly concurrency: number;
  /** How many times faster than the trace's own clock; infinite: as fast as it goes. */
  readonly speed: number;
  /** Undefined: the local server's usual address, or a server of the replay's own. */
  readonly url: string | undefined;
  readonly stepsPerRun: number;
  readonly seed: number;
}

export const DEFAULT_URL = 'http://127.0.0.1:8787';

export const USAGE = `npm run replay -- [FILE] [options]

Sends a trace (CSV with the columns TIMESTAMP, ContextTokens, GeneratedTokens) through the local
server as runs of several steps, then compares what the ledger spent with the trace's own sum.
Without FILE it makes a trace.

  --tenant acme          whose budget
  --model gpt-4o-mini    the model of every step
  --provider openai      its provider
  --limit-usd 5          the tenant's hard cap; its policy is changed to it
  --concurrency 32       runs in progress at once
  --speed max            max, or how many times faster than the trace
  --steps-per-run 5      requests of the trace in one run
  --url ${DEFAULT_URL}   a server that is running; without one a server is started
  --seed N               of the trace that it makes`;

const DEFAULTS = {
  tenant: 'acme',
  model: 'gpt-4o-mini',
  provider: 'openai',
  'limit-usd': '5',
  concurrency: '32',
  speed: 'max',
  'steps-per-run': '5',
} as const;

function wholeNumber(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new StartFault(`--${name} must be a whole number from ${least} to ${most}, not ${text}.`);
}

function readLimit(text: string): string {
  const isAmount = /^\d{1,12}(\.\d{1,9})?$/.test(text);
  if (isAmount && parseDecimal(text).numerator > 0n) return text;
  throw new StartFault(`--limit-usd must be an amount above 0 like 12.50, not ${text}.`);
}

function readSpeed(text: string): number {
  const speed = text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  if (speed > 0) return speed;
  throw new StartFault(`--speed must be max or a number above 0, not ${text}.`);
}

function readUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (/^http:\/\/[^/\s]+\/?$/.test(text)) return text.replace(/\/$/, '');
  throw new StartFault(`--url must be like ${DEFAULT_URL}, not ${text}.`);
}

function parse(argv: readonly string[]) {
  const option = (byDefault: string) => ({ type: 'string', default: byDefault }) as const;
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        tenant: option(DEFAULTS.tenant),
        model: option(DEFAULTS.model),
        provider: option(DEFAULTS.provider),
        'limit-usd': option(DEFAULTS['limit-usd']),
        concurrency: option(DEFAULTS.concurrency),
        speed: option(DEFAULTS.speed),
        'steps-per-run': option(DEFAULTS['steps-per-run']),
        url: { type: 'string' },
        seed: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw new StartFault(`${(error as Error).message}\n\n${USAGE}`, { cause: error });
  }
}

/**
 * @returns undefined when help is asked for
 * @throws StartFault naming the option that cannot be used
 */
export function readOptions(argv: readonly string[]): ReplayOptions | undefined {
  const { values, positionals } = parse(argv);
  if (values.help === true) return undefined;
  if (positionals.length > 1) {
    throw new StartFault(`One file at most can be replayed, not ${positionals.join(', ')}.`);
  }
  return {
    file: positionals[0],
    tenant: values.tenant,
    model: values.model,
    provider: values.provider,
    limitUsd: readLimit(values['limit-usd']),
    concurrency: wholeNumber('concurrency', values.concurrency, 1, 1_000),
    speed: readSpeed(values.speed),
    url: readUrl(values.url),
    stepsPerRun: wholeNumber('steps-per-run', values['steps-per-run'], 1, 100),
    seed:
      values.seed === undefined ? randomInt(2 ** 31) : wholeNumber('seed', values.seed, 0, 2 ** 31),
  };
}
