/**
 * The CDK app. `npx cdk deploy` runs it with context and output folder in the environment; run by
 * itself (`npm run synth -- -c stage=prod`) it reads cdk.json and the arguments, and writes cdk.out.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib';
import { maestroBilling } from '../lib/maestro-billing';
import { InvalidStageSettings, readStageSettings } from '../lib/stage-settings';

const repository = join(__dirname, '..');

function ownContext(): Record<string, unknown> {
  const { values } = parseArgs({
    options: { context: { type: 'string', short: 'c', multiple: true } },
  });
  const fromFile: { context?: Record<string, unknown> } = JSON.parse(
    readFileSync(join(repository, 'cdk.json'), 'utf8'),
  );
  const fromArguments = (values.context ?? []).map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    if (equals < 1) throw new Error(`-c ${pair} is not of the form key=value`);
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return { ...fromFile.context, ...Object.fromEntries(fromArguments) };
}

function main(): void {
  const outdir = process.env['CDK_OUTDIR'];
  const app = new App(
    outdir === undefined
      ? { outdir: join(repository, 'cdk.out'), context: ownContext(), analyticsReporting: false }
      : { analyticsReporting: false },
  );
  const settings = readStageSettings((key) => app.node.tryGetContext(key));
  maestroBilling(app, { settings, assetsDir: join(repository, 'dist', 'functions') });
  const { stacks, directory } = app.synth();
  if (outdir === undefined) {
    const names = stacks.map(({ stackName }) => stackName).join(' and ');
    console.log(`synth: ${names} in ${relative(process.cwd(), directory) || directory}`);
  }
}

try {
  main();
} catch (error) {
  // Both messages say all, cdk-nag's findings stand above; a stack trace would hide them.
  const isExplained =
    error instanceof InvalidStageSettings ||
    (error instanceof Error && error.name === 'ValidationFailed');
  if (!isExplained) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
