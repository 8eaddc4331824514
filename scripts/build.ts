/** Bundles every function of the contract: lambdas/<name>/index.ts to dist/functions/<name>/index.js. */
import { join } from 'node:path';
import { buildFunctions, BuildFailed } from './function-bundles';

async function main(): Promise<void> {
  const startedMs = performance.now();
  const result = await buildFunctions({
    root: join(__dirname, '..'),
    // For work on a checkout in which functions are still missing; no package script passes it.
    allowMissing: process.argv.includes('--allow-missing'),
  });
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(
    result.isFresh
      ? `build: ${result.functions} functions are up to date (${seconds} s)`
      : `build: ${result.functions} functions bundled, ${result.written} changed, largest ${result.largest} (${seconds} s)`,
  );
}

main().catch((error: unknown) => {
  if (!(error instanceof BuildFailed)) throw error;
  console.error(error.message);
  process.exitCode = 1;
});
