import { createAskLedger } from '../../lambdas/healthz/ask-ledger';
import { createHealthzHandler } from '../../lambdas/healthz/handler';
import { createLogger } from '../../lambdas/observability/logger';
import { apiEvent, lambdaContext } from '../support/api-event';
import { startTestEngine, type TestEngine } from '../support/dynamo-engine';

let engine: TestEngine;

beforeAll(async () => {
  engine = await startTestEngine();
}, 60_000);

afterAll(() => engine.stop());

function healthOf(table: string) {
  const now = () => new Date();
  const write = () => undefined;
  const handler = createHealthzHandler({
    askLedger: createAskLedger(engine.clients, table),
    logger: createLogger({ service: 'healthz', stage: 'test', level: 'ERROR', now, write }),
    now,
  });
  return handler(apiEvent({ method: 'GET', claims: null }), lambdaContext());
}

test('one read of the ledger is enough to be well', async () => {
  engine.takeCounts();
  expect(await healthOf(engine.ledgerTable)).toMatchObject({
    statusCode: 200,
    body: '{"status":"ok"}',
  });
  expect(engine.takeCounts()).toEqual({ GetItem: 1 });
});

test('a ledger that is not there is 503, without its name', async () => {
  const answer = await healthOf('no-such-table');
  expect(answer.statusCode).toBe(503);
  expect(answer.body).not.toContain('no-such-table');
});
