/**
 * A database engine with the tables of the synthesized app, in a process of its own, so that its
 * work is not taken for ours: `engine-process.ts dynalite|dynamodb-local`. Prints one line of JSON
 * and ends when it is told to.
 */
import { join } from 'node:path';
import { Resolver } from '../../../local/assembly/resolver';
import { readTables, type TableDefinition } from '../../../local/assembly/tables';
import { readStacks } from '../../../local/assembly/template';
import { ensureLocalBuild } from '../../../local/build/local-build';
import { createTables } from '../../../local/engine/engine';
import { startEngine } from '../../../local/engine/start-engine';
import { readSettings } from '../../../local/settings';

const ROOT = join(__dirname, '..', '..', '..');

const PLACE = {
  region: 'us-east-1',
  accountId: '000000000000',
  queueBaseUrl: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:1',
};

function nameOf(tables: readonly TableDefinition[], ending: string): string {
  const found = tables.find(({ TableName }) => TableName.endsWith(`-${ending}`));
  if (found === undefined) throw new Error(`the app has no table ${ending}`);
  return found.TableName;
}

async function main(): Promise<void> {
  const build = await ensureLocalBuild(ROOT, (line) => void process.stderr.write(`${line}\n`));
  const tables = readTables(new Resolver(readStacks(build.assemblyDir), PLACE));
  const settings = readSettings({ ENGINE: process.argv[2] });
  const engine = await startEngine(settings, build, (fault) => {
    throw fault;
  });
  process.on('SIGTERM', () => void engine.stop().then(() => process.exit(0)));
  await createTables(engine.endpoint, tables);
  const said = {
    endpoint: engine.endpoint,
    ledgerTable: nameOf(tables, 'ledger'),
    controlTable: nameOf(tables, 'control'),
    shapes: tables,
  };
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

main().catch((fault: unknown) => {
  process.stderr.write(`${fault instanceof Error ? fault.stack : String(fault)}\n`);
  process.exitCode = 1;
});
