import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { apiEvent } from '../../support/api-event';
import type { Options } from '../options';
import { clientsOf, enginePorts, startEngineProcess } from '../support/engine-ports';
import { largePolicy } from '../support/guard-handlers';
import { BODIES } from '../support/operations';
import type { Say } from '../support/progress';
import { repeated, type Repeated } from '../support/statistics';
import { PROCESS_ENVIRONMENT } from './load-time';

const run = promisify(execFile);
const PATIENCE_MS = 20_000;
const ROUNDS = { whole: 11, quick: 3 };
const TENANT = 'bench';

/** Loads a bundle and calls it twice, each call with an event of its own. */
const PROGRAM = `
const started = performance.now();
const { handler } = require(process.argv[1]);
const loadMs = performance.now() - started;
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 10000 };
const call = async (event) => {
  const sent = performance.now();
  const { statusCode, body } = await handler(JSON.parse(event), context);
  if (statusCode !== 201) throw new Error(statusCode + ' ' + body);
  return performance.now() - sent;
};
(async () => {
  const firstMs = await call(process.argv[2]);
  const secondMs = await call(process.argv[3]);
  process.stderr.write(JSON.stringify({ loadMs, firstMs, secondMs }));
  process.exit(0);
})();
`;

/** What a caller waits for when its run check meets a cold function, without Lambda's own part. */
export interface FirstDecision {
  readonly loadMs: Repeated;
  readonly firstMs: Repeated;
  readonly secondMs: Repeated;
}

interface Times {
  readonly loadMs: number;
  readonly firstMs: number;
  readonly secondMs: number;
}

/** Run checks by the deployed bundle in fresh processes, against an engine that is warm. */
export async function measureFirstDecision(
  { isQuick, engine }: Options,
  bundle: { readonly file: string; readonly variables: Readonly<Record<string, string>> },
  say: Say,
): Promise<FirstDecision> {
  say('bundles: first decisions of fresh processes');
  const child = await startEngineProcess(engine);
  const clients = clientsOf(child.said);
  try {
    const ports = enginePorts(clients, child.said, () => Date.now());
    await ports.policyStore.create(largePolicy(TENANT));
    const environment = {
      ...PROCESS_ENVIRONMENT,
      ...bundle.variables,
      AWS_ENDPOINT_URL_DYNAMODB: child.said.endpoint,
      LEDGER_TABLE: child.said.ledgerTable,
      CONTROL_TABLE: child.said.controlTable,
    };
    const times: Times[] = [];
    // The first round opens the tenant's month, which is another matter.
    for (let round = 0; round <= (isQuick ? ROUNDS.quick : ROUNDS.whole); round += 1) {
      const args = ['-e', PROGRAM, bundle.file, eventOf(`a-${round}`), eventOf(`b-${round}`)];
      const { stderr } = await run(process.execPath, args, {
        env: { PATH: process.env['PATH'], ...environment },
        timeout: PATIENCE_MS,
      });
      if (round > 0) times.push(JSON.parse(stderr) as Times);
    }
    return {
      loadMs: repeated(times.map(({ loadMs }) => loadMs)),
      firstMs: repeated(times.map(({ firstMs }) => firstMs)),
      secondMs: repeated(times.map(({ secondMs }) => secondMs)),
    };
  } finally {
    clients.retrying.destroy();
    clients.once.destroy();
    await child.stop();
  }
}

function eventOf(runId: string): string {
  const claims = { sub: 'bench', tenant: TENANT, scope: 'maestro/run' };
  return JSON.stringify(apiEvent({ claims, body: BODIES.run(TENANT, runId) }));
}
