import { AIM_BUNDLE_KB, AIM_LOAD_RATIO, bundlesReport } from './bundles/bundles-report';
import type { BundleFigures, Bundles } from './bundles/bundles';
import type { Options } from './options';
import { AIM_OWN_P50_MS, ownTimeReport } from './own-time/own-time-report';
import { USUAL_OPEN_HOLDS, type OwnTime, type OwnTimeCell } from './own-time/own-time';
import { simulatorReport, type SimulatorSpeed } from './simulator';
import type { Machine } from './support/machine';
import { blocks, table } from './support/markdown';
import { throughputReport } from './throughput/throughput-report';
import type { Throughput } from './throughput/throughput';
import { unitsReport } from './units/units-report';
import type { Units } from './units/write-units';

/** What was measured; a section that was not asked for is absent. */
export interface Results {
  readonly throughput?: Throughput;
  readonly ownTime?: OwnTime;
  readonly units?: Units;
  readonly bundles?: Bundles;
  readonly simulator?: SimulatorSpeed;
}

export interface Circumstances {
  readonly machine: Machine;
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly minutes: number;
}

const KB = 1024;
const DECISIONS: readonly string[] = ['run check', 'step check', 'denied run check'];

/** The whole report in Markdown. */
export function report(results: Results, options: Options, about: Circumstances): string {
  const { throughput, ownTime, units, bundles, simulator } = results;
  const text = blocks(
    '# Benchmarks',
    "Written by `npm run bench`, which measures and asserts nothing: a figure is no test. `--quick` looks at everything in under 90 seconds, `--only` at some sections, `--engine dynamodb-local` uses Amazon's engine.",
    circumstances(options, about),
    aims(results),
    throughput === undefined ? '' : throughputReport(throughput),
    ownTime === undefined ? '' : ownTimeReport(ownTime),
    units === undefined ? '' : unitsReport(units),
    bundles === undefined ? '' : bundlesReport(bundles),
    simulator === undefined ? '' : simulatorReport(simulator),
  );
  return `${text}\n`;
}

function circumstances(options: Options, about: Circumstances): string {
  const { machine, loadBefore, loadAfter, minutes } = about;
  return blocks(
    '## The machine',
    table(
      ['what', 'value'],
      [
        ['date', options.date],
        ['processor', `${machine.cores} x ${machine.cpu}`],
        ['memory', `${machine.memoryGib} GiB`],
        ['Node', `${machine.node}, ${machine.platform}`],
        ['engine', options.engine],
        ['run', `${options.isQuick ? 'quick' : 'whole'}, ${minutes.toFixed(1)} minutes`],
        ['load average before and after', `${loadBefore.toFixed(2)} and ${loadAfter.toFixed(2)}`],
      ],
    ),
    loadBefore > 1
      ? 'The machine had other work when this began: read latencies and rates as upper and lower bounds; sizes, units and ratios within one run are not touched by that.'
      : '',
  );
}

function aims({ ownTime, bundles }: Results): string {
  const rows = [...(ownTime === undefined ? [] : ownTimeAims(ownTime)), ...bundleAims(bundles)];
  if (rows.length === 0) return '';
  return blocks('## Aims', table(['aim', 'measured', 'met'], rows));
}

function ownTimeAims({ inMemory, withPauses, onEngine, engine }: OwnTime): string[][] {
  const aim = `own time under ${AIM_OWN_P50_MS} ms p50 for each decision, ${USUAL_OPEN_HOLDS} open holds`;
  const row = (where: string, cells: readonly OwnTimeCell[]) => {
    const decisions = cells.filter(
      ({ operation, openHolds }) => DECISIONS.includes(operation) && openHolds === USUAL_OPEN_HOLDS,
    );
    const worst = Math.max(...decisions.map(({ p50Ms }) => p50Ms.median));
    const measured = decisions
      .map(({ operation, p50Ms }) => `${operation} ${p50Ms.median.toFixed(2)}`)
      .join(', ');
    return [`${aim}, ${where}`, measured, verdict(worst < AIM_OWN_P50_MS)];
  };
  return [
    row('ledger in memory', inMemory),
    row('ledger in memory, with pauses', withPauses),
    row(`with the DynamoDB adapter on ${engine}, SDK apart`, onEngine),
  ];
}

function bundleAims(bundles: Bundles | undefined): string[][] {
  if (bundles === undefined) return [];
  const { functions } = bundles;
  const largest = most(functions, ({ bytes }) => bytes);
  const loads = (['SDK client', 'SDK client, plain esbuild'] as const).map((baseline) => {
    const slowest = most(functions, ({ ratios }) => ratios[baseline].median);
    const ratio = slowest.ratios[baseline].median;
    return [
      `cold load at most ${AIM_LOAD_RATIO} times that of: ${baseline}`,
      `slowest: ${slowest.name}, ${ratio.toFixed(2)} times`,
      verdict(ratio <= AIM_LOAD_RATIO),
    ];
  });
  return [
    [
      `bundles under ${AIM_BUNDLE_KB} KB`,
      `largest: ${largest.name}, ${(largest.bytes / KB).toFixed(0)} KB`,
      verdict(largest.bytes < AIM_BUNDLE_KB * KB),
    ],
    ...loads,
  ];
}

function most(all: readonly BundleFigures[], of: (each: BundleFigures) => number): BundleFigures {
  return all.reduce((best, each) => (of(each) > of(best) ? each : best));
}

function verdict(isMet: boolean): string {
  return isMet ? 'yes' : 'no';
}
