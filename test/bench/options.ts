import { parseArgs } from 'node:util';
import type { EngineName } from '../../local/settings';

export const SECTIONS = ['throughput', 'own-time', 'units', 'bundles', 'simulator'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Options {
  /** A look at everything in under 90 seconds: fewer calls, fewer repeats, more noise. */
  readonly isQuick: boolean;
  readonly sections: readonly Section[];
  readonly engine: EngineName;
  /** The day that the report bears, YYYY-MM-DD. */
  readonly date: string;
  /** File of the report, from the working folder. */
  readonly out: string;
}

const ENGINES: readonly EngineName[] = ['dynalite', 'dynamodb-local'];

export const USAGE = `npm run bench -- [--quick] [--only ${SECTIONS.join(',')}]
                 [--engine ${ENGINES.join('|')}] [--date YYYY-MM-DD] [--out FILE]
The report of a whole run goes to docs/benchmarks.md, any other to dist/bench/benchmarks.md.`;

/** The command line makes no sense; the message says why. */
export class UsageFault extends Error {}

/** @throws UsageFault */
export function readOptions(args: readonly string[], today: string): Options {
  const { quick, only, engine, date, out } = parsed(args);
  const sections = only?.split(',') ?? SECTIONS;
  const unknown = sections.find((name) => !SECTIONS.includes(name as Section));
  if (unknown !== undefined) throw new UsageFault(`there is no section ${unknown}`);
  if (!ENGINES.includes(engine as EngineName)) throw new UsageFault(`there is no engine ${engine}`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date ?? today)) throw new UsageFault(`${date} is no date`);
  const isWhole = !quick && only === undefined;
  return {
    isQuick: quick,
    sections: sections as readonly Section[],
    engine: engine as EngineName,
    date: date ?? today,
    out: out ?? (isWhole ? 'docs/benchmarks.md' : 'dist/bench/benchmarks.md'),
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: 'boolean', default: false },
        only: { type: 'string' },
        engine: { type: 'string', default: 'dynalite' },
        date: { type: 'string' },
        out: { type: 'string' },
      },
    }).values;
  } catch (fault) {
    throw new UsageFault(fault instanceof Error ? fault.message : String(fault));
  }
}
