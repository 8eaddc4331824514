/**
 * `npm run simulate -- [--schedules N] [--seed N] [--breakage NAME]`: random schedules against the
 * ledger, with a progress bar. Ends with 1 and the seed to replay when an invariant is violated.
 */
import { parseArgs } from 'node:util';
import { BREAKAGES } from './simulation/breakages';
import { runSchedule } from './simulation/schedule';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    breakage: { type: 'string' },
  },
});

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    process.stderr.write(`--${name} is a whole number, not "${text}"\n`);
    process.exit(2);
  }
  return value;
}

function bar(done: number, all: number, sinceMs: number): string {
  const width = 30;
  const filled = Math.floor((done / all) * width);
  const rate = Math.round(done / Math.max((Date.now() - sinceMs) / 1000, 0.001));
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${done}/${all}  ${rate}/s`;
}

async function main(): Promise<void> {
  const schedules = wholeNumber(values.schedules, 'schedules');
  const first = wholeNumber(values.seed, 'seed');
  const breakage = values.breakage === undefined ? undefined : BREAKAGES[values.breakage];
  if (values.breakage !== undefined && breakage === undefined) {
    process.stderr.write(
      `no such breakage; there are:\n  ${Object.keys(BREAKAGES).join('\n  ')}\n`,
    );
    process.exit(2);
  }
  const total = { writes: 0, lateDuplicates: 0, crashes: 0 };
  const sinceMs = Date.now();
  for (let done = 0; done < schedules; done += 1) {
    const result = await runSchedule(first + done, breakage);
    total.writes += result.writes;
    total.lateDuplicates += result.lateDuplicates;
    total.crashes += result.crashes;
    if (process.stdout.isTTY && done % 200 === 0)
      process.stdout.write(`\r${bar(done, schedules, sinceMs)}`);
  }
  process.stdout.write(
    `${process.stdout.isTTY ? '\r' : ''}${bar(schedules, schedules, sinceMs)}\n`,
  );
  process.stdout.write(
    `${schedules} schedules from seed ${first}: ${total.writes} requests, ${total.crashes} crashes, ` +
      `${total.lateDuplicates} late duplicates, no violation\n`,
  );
}

main().catch((fault: unknown) => {
  process.stderr.write(`\n${fault instanceof Error ? fault.message : String(fault)}\n`);
  process.stderr.write('replay it with: npm run simulate -- --schedules 1 --seed <that seed>\n');
  process.exitCode = 1;
});
