/**
 * One JSON object on each line of standard output, the form that CloudWatch Logs Insights reads
 * without a parser. A logger holds no state of a request: one process may serve many at once, in
 * the local cloud always and on Lambda where concurrency within an instance is switched on.
 */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  /** Name of the function; goes into every line. */
  readonly service: string;
  readonly stage: string;
  readonly level: LogLevel;
  readonly now: () => Date;
  /** Takes one line with its line end. Default: standard output. */
  readonly write?: (line: string) => void;
}

/** Fields cannot replace the ones that every line has. Errors are written with their stack. */
export function createLogger(options: LoggerOptions): Logger {
  const { service, stage, now, write = (line) => void process.stdout.write(line) } = options;
  const threshold = LOG_LEVELS.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(level) < threshold) return;
      const timestamp = now().toISOString();
      const line = { ...fields, level, timestamp, service, stage, message };
      write(`${JSON.stringify(line, loggable)}\n`);
    };
  return { debug: at('DEBUG'), info: at('INFO'), warn: at('WARN'), error: at('ERROR') };
}

function loggable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}
