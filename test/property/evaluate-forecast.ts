/**
 * `npx tsx test/property/evaluate-forecast.ts FILE [--model NAME --provider NAME]`: how well burn
 * rate and forecast do on a trace with the columns TIMESTAMP, ContextTokens, GeneratedTokens.
 */
import { parseArgs } from 'node:util';
import { readTrace } from '../../local/replay/trace';
import { forecastMisses, lastHourMiss } from '../support/trace-forecast';

const DAYS = [0.5, 1.5, 3, 5, 7.5, 10, 15, 20, 25, 29];

const { values: model, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string', default: 'gpt-4o-mini' },
    provider: { type: 'string', default: 'openai' },
  },
});

function percent(part: number): string {
  return `${(part * 100).toFixed(2)} %`;
}

async function main(): Promise<void> {
  const [file] = positionals;
  if (file === undefined) throw new Error('name a file: evaluate-forecast.ts FILE');
  const trace = await readTrace(file);
  const { worst, average } = lastHourMiss(trace, model);
  const minutes = ((trace.at(-1)?.offsetMs ?? 0) / 60_000).toFixed(1);
  console.log(`${trace.length} requests in ${minutes} minutes, priced as ${model.model}`);
  console.log(
    `last hour's rate, asked every 5 minutes: ${percent(average)} off, at worst ${percent(worst)}`,
  );
  console.log('stretched to a month, the forecast of its end misses it by');
  for (const { day, basis, miss } of forecastMisses(trace, model, DAYS)) {
    console.log(
      `  day ${String(day).padStart(4)}  ${basis.padEnd(8)}${percent(miss).padStart(10)}`,
    );
  }
}

main().catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.message : String(fault)}\n`);
  process.exitCode = 1;
});
