import { resolve } from 'node:path';
import { StartFault } from './start-fault';

export type EngineName = 'dynalite' | 'dynamodb-local';

/** What the user of the local cloud can set, each by an environment variable of that name. */
export interface Settings {
  /** PORT: where it listens on the loopback interface; 0: any free port. Default 8787. */
  readonly port: number;
  /** DATA_DIR: folder for the data. Default: none, the data are in memory. */
  readonly dataDir: string | undefined;
  /** ENGINE: the database engine. Default dynalite. */
  readonly engine: EngineName;
  /** CLOCK_START: the time at which the clock starts, in ms since 1970. Default: now. */
  readonly clockStartMs: number | undefined;
  /** TOKEN_TTL_SECONDS: how long tokens are valid. Default 3600. */
  readonly tokenTtlSeconds: number;
  /** CONCURRENCY: calls of one function that run at once; others wait in a row. Default 64. */
  readonly concurrency: number;
  /** ALERT_WEBHOOK: a URL on this machine that is posted what PagerDuty would get. Default: none. */
  readonly alertWebhook: string | undefined;
  /** SCHEDULES: `off` keeps schedules from running by themselves. Default on. */
  readonly areSchedulesOn: boolean;
  /** LOG: `1` shows everything that functions write. Default: errors alone. */
  readonly isLogShown: boolean;
  /** LOG_LEVEL: the least severe level that functions write. Default WARN. */
  readonly logLevel: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/i;

/** An empty variable is one that is not set. */
function valueOf(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === '' ? undefined : value;
}

function wholeNumber(
  environment: Environment,
  name: string,
  { least, most, byDefault }: { least: number; most: number; byDefault: number },
): number {
  const text = valueOf(environment, name);
  if (text === undefined) return byDefault;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new StartFault(`${name} must be a whole number from ${least} to ${most}, not ${text}.`);
}

function oneOf<T extends string>(
  environment: Environment,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const text = valueOf(environment, name);
  if (text === undefined) return choices[0];
  const choice = choices.find((known) => known === text);
  if (choice === undefined) {
    throw new StartFault(`${name} must be one of ${choices.join(', ')}, not ${text}.`);
  }
  return choice;
}

/** A day that the month does not have is refused, not carried into the next month. */
function isRealDay(text: string): boolean {
  const day = text.slice(0, 10);
  const atMidnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(atMidnight) && new Date(atMidnight).toISOString().startsWith(day);
}

function readClockStart(environment: Environment): number | undefined {
  const text = valueOf(environment, 'CLOCK_START');
  if (text === undefined) return undefined;
  const startMs = RFC_3339.test(text) && isRealDay(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(startMs)) return startMs;
  throw new StartFault(`CLOCK_START must be a time like 2026-11-30T23:59:50Z, not ${text}.`);
}

/** Alerts of a local server stay on its machine. */
function readAlertWebhook(environment: Environment): string | undefined {
  const text = valueOf(environment, 'ALERT_WEBHOOK');
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isHere = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? '');
  if (url?.protocol === 'http:' && isHere) return url.href;
  throw new StartFault(
    `ALERT_WEBHOOK must be a URL on this machine such as http://127.0.0.1:9000/alerts, not ${text}.`,
  );
}

/**
 * @throws StartFault naming the variable that cannot be used
 */
export function readSettings(environment: Environment): Settings {
  const dataDir = valueOf(environment, 'DATA_DIR');
  return {
    port: wholeNumber(environment, 'PORT', { least: 0, most: 65_535, byDefault: 8787 }),
    dataDir: dataDir === undefined ? undefined : resolve(dataDir),
    engine: oneOf(environment, 'ENGINE', ['dynalite', 'dynamodb-local']),
    clockStartMs: readClockStart(environment),
    tokenTtlSeconds: wholeNumber(environment, 'TOKEN_TTL_SECONDS', {
      least: 1,
      most: 31_536_000,
      byDefault: 3600,
    }),
    concurrency: wholeNumber(environment, 'CONCURRENCY', { least: 1, most: 10_000, byDefault: 64 }),
    alertWebhook: readAlertWebhook(environment),
    areSchedulesOn: oneOf(environment, 'SCHEDULES', ['on', 'off']) === 'on',
    isLogShown: oneOf(environment, 'LOG', ['0', '1']) === '1',
    logLevel: oneOf(environment, 'LOG_LEVEL', ['WARN', 'DEBUG', 'INFO', 'ERROR']),
  };
}
