/**
 * `npm run bench`: measures the product and writes what it found to a Markdown file. A benchmark and
 * no test: nothing fails because it is slow. What can be set stands in options.ts.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { measureBundles } from './bundles/bundles';
import { readOptions, USAGE, UsageFault, type Options, type Section } from './options';
import { measureOwnTime } from './own-time/own-time';
import { report, type Results } from './report';
import { measureSimulator } from './simulator';
import { loadOfLastMinute, thisMachine } from './support/machine';
import { startProgress, type Say } from './support/progress';
import { measureThroughput } from './throughput/throughput';
import { countUnits } from './units/write-units';

const MINUTE_MS = 60_000;

/** Quiet ones first: what a section leaves behind does not reach the one that is timed next. */
async function measure(options: Options, say: Say): Promise<Results> {
  const isAsked = (section: Section) => options.sections.includes(section);
  return {
    ...(isAsked('bundles') && { bundles: await measureBundles(options, say) }),
    ...(isAsked('own-time') && { ownTime: await measureOwnTime(options, say) }),
    ...(isAsked('units') && { units: await countUnits(options, say) }),
    ...(isAsked('simulator') && { simulator: await measureSimulator(options, say) }),
    ...(isAsked('throughput') && { throughput: await measureThroughput(options, say) }),
  };
}

async function main(): Promise<void> {
  const today = new Date().toISOString().slice(0, 10);
  const options = readOptions(process.argv.slice(2), today);
  const say = startProgress();
  const startedMs = performance.now();
  const loadBefore = loadOfLastMinute();
  const results = await measure(options, say);
  const about = {
    machine: thisMachine(),
    loadBefore,
    loadAfter: loadOfLastMinute(),
    minutes: (performance.now() - startedMs) / MINUTE_MS,
  };
  mkdirSync(dirname(options.out), { recursive: true });
  const style = await resolveConfig(options.out);
  const text = await format(report(results, options, about), { ...style, parser: 'markdown' });
  writeFileSync(options.out, text);
  say(`written to ${options.out}`);
}

// Children are ended when this process exits, so an interrupt has to be an exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));

main().catch((fault: unknown) => {
  if (fault instanceof UsageFault) process.stderr.write(`${fault.message}\n${USAGE}\n`);
  else process.stderr.write(`${fault instanceof Error ? fault.stack : String(fault)}\n`);
  process.exitCode = fault instanceof UsageFault ? 2 : 1;
});
