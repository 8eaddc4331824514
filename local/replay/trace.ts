import { createReadStream } from 'node:fs';
import { parse, type Info } from 'csv-parse';
import { StartFault } from '../start-fault';
import { seededRandom } from './seeded-random';

/** One request to a model. */
export interface TraceRequest {
  /** Milliseconds after the trace's first request. */
  readonly offsetMs: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

const COLUMNS = ['TIMESTAMP', 'ContextTokens', 'GeneratedTokens'] as const;
/** What the interface takes for one step. */
const MOST_TOKENS = 1_000_000_000;
const TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

type Row = Partial<Record<(typeof COLUMNS)[number], string>>;

interface ParsedRow {
  readonly record: Row;
  readonly info: Info;
}

function readTime(text: string | undefined): number {
  const [, day, time, fraction = '', zone = 'Z'] = TIME.exec(text?.trim() ?? '') ?? [];
  // Finer than a millisecond means nothing to a replay.
  return day === undefined
    ? Number.NaN
    : Date.parse(`${day}T${time}${fraction.slice(0, 4)}${zone}`);
}

function readTokens(text: string | undefined): number {
  const trimmed = text?.trim() ?? '';
  const value = /^\d{1,10}$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  return value <= MOST_TOKENS ? value : Number.NaN;
}

function checkHeader(header: readonly string[], file: string): void {
  const missing = COLUMNS.filter((name) => !header.includes(name));
  if (missing.length > 0) {
    throw new StartFault(`${file}, line 1: column ${missing.join(' and ')} is missing.`);
  }
}

function readRow(row: Row, line: number, file: string): TraceRequest {
  const fields = {
    TIMESTAMP: readTime(row.TIMESTAMP),
    ContextTokens: readTokens(row.ContextTokens),
    GeneratedTokens: readTokens(row.GeneratedTokens),
  };
  for (const name of COLUMNS) {
    if (!Number.isNaN(fields[name])) continue;
    const expected = name === 'TIMESTAMP' ? 'a time' : 'a whole number from 0 to 1,000,000,000';
    throw new StartFault(
      `${file}, line ${line}: ${name} must be ${expected}, not ${JSON.stringify(row[name] ?? '')}.`,
    );
  }
  return {
    offsetMs: fields.TIMESTAMP,
    inputTokens: fields.ContextTokens,
    outputTokens: fields.GeneratedTokens,
  };
}

/** In the order of time, the first one at 0. */
function normalize(requests: readonly TraceRequest[]): TraceRequest[] {
  const sorted = requests.toSorted((a, b) => a.offsetMs - b.offsetMs);
  const startMs = sorted[0]?.offsetMs ?? 0;
  return sorted.map((request) => ({ ...request, offsetMs: request.offsetMs - startMs }));
}

function explain(error: unknown, file: string): unknown {
  const { code, lines, message } = error as { code?: string; lines?: number; message: string };
  if (error instanceof StartFault || code === undefined) return error;
  if (code === 'ENOENT') return new StartFault(`There is no file ${file}.`);
  if (lines !== undefined) return new StartFault(`${file}, line ${lines}: ${message}`);
  return new StartFault(`${file} cannot be read (${code}).`);
}

/**
 * Reads a trace with the columns TIMESTAMP, ContextTokens, GeneratedTokens, in any order; others
 * are left out.
 * @throws StartFault naming the line that cannot be used
 */
export async function readTrace(file: string): Promise<TraceRequest[]> {
  const requests: TraceRequest[] = [];
  const parser = parse({
    bom: true,
    info: true,
    skip_empty_lines: true,
    columns: (header: string[]) => {
      const names = header.map((name) => name.trim());
      checkHeader(names, file);
      return names;
    },
  });
  try {
    const source = createReadStream(file).on('error', (error) => parser.destroy(error));
    for await (const { record, info } of source.pipe(parser) as AsyncIterable<ParsedRow>) {
      requests.push(readRow(record, info.lines, file));
    }
  } catch (error) {
    throw explain(error, file);
  }
  if (requests.length === 0) throw new StartFault(`${file} holds no request.`);
  return normalize(requests);
}

const OWN_TRACE_REQUESTS = 1_000;
const MEAN_GAP_MS = 300;

/** A trace in the manner of coding assistants: long prompts, short answers, both long-tailed. */
export function makeTrace(seed: number): TraceRequest[] {
  const random = seededRandom(seed);
  const longTailed = (median: number, most: number) =>
    Math.min(most, Math.max(1, Math.round(median * Math.exp(1.2 * (random() + random() - 1) * 2))));
  let offsetMs = 0;
  return Array.from({ length: OWN_TRACE_REQUESTS }, () => {
    offsetMs += Math.round(-Math.log(1 - random()) * MEAN_GAP_MS);
    return {
      offsetMs,
      inputTokens: longTailed(1500, 16_000),
      outputTokens: longTailed(60, 2_000),
    };
  });
}
