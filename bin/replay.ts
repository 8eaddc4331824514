/** Sends a trace through the local server: `npm run replay -- --help`. */
import { readOptions, USAGE } from '../local/replay/options';
import { replay } from '../local/replay/replay';
import { StartFault } from '../local/start-fault';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const isTied = await replay(options, (line) => process.stderr.write(`${line}\n`));
  process.exitCode = isTied ? 0 : 1;
}

main().catch((error: unknown) => {
  const text = error instanceof StartFault ? error.message : String((error as Error).stack);
  process.stderr.write(`${text}\n`);
  process.exitCode = 1;
});
