import { LedgerUnavailableError } from '../../../core/ledger/faults';
import { createHealthzHandler } from '../../../lambdas/healthz/handler';
import { createNotFoundHandler } from '../../../lambdas/not-found/handler';
import { createLogger } from '../../../lambdas/observability/logger';
import { createOpenApiHandler } from '../../../lambdas/openapi/handler';
import { answerFaults, OPENAPI } from '../../support/openapi';
import { apiEvent, lambdaContext } from '../../support/api-event';

const now = () => new Date('2026-11-30T12:00:00Z');
const logger = createLogger({
  service: 's',
  stage: 't',
  level: 'ERROR',
  now,
  write: () => undefined,
});
const BASE = '/api/maestro/v1';

async function answerOf(
  handler: ReturnType<typeof createNotFoundHandler>,
  method = 'GET',
  path = '',
) {
  const event = apiEvent({ method, claims: null });
  const answer = await handler({ ...event, rawPath: path }, lambdaContext());
  return { ...answer, json: JSON.parse(answer.body ?? 'null') };
}

describe('healthz', () => {
  test('is ok when the ledger answers', async () => {
    const handler = createHealthzHandler({ now, logger, askLedger: async () => undefined });
    const { statusCode, json } = await answerOf(handler);
    expect([statusCode, json]).toEqual([200, { status: 'ok' }]);
    expect(answerFaults('healthz', 200, 'application/json', json)).toEqual([]);
  });

  test('is 503 when it does not', async () => {
    const fault = new LedgerUnavailableError('table maestro-billing-prod-ledger');
    const handler = createHealthzHandler({ now, logger, askLedger: () => Promise.reject(fault) });
    const { statusCode, headers, json } = await answerOf(handler);
    expect([statusCode, json.code, headers?.['Retry-After']]).toEqual([
      503,
      'LEDGER_UNAVAILABLE',
      '1',
    ]);
    expect(answerFaults('healthz', 503, 'application/problem+json', json)).toEqual([]);
    expect(JSON.stringify(json)).not.toContain('maestro-billing-prod');
  });
});

test('openapi answers the document', async () => {
  const handler = createOpenApiHandler({ now, logger, document: OPENAPI });
  const { statusCode, headers, json } = await answerOf(handler);
  expect([statusCode, headers?.['Content-Type'], json]).toEqual([200, 'application/json', OPENAPI]);
});

describe('not-found', () => {
  const handler = createNotFoundHandler({ now, logger });

  test.each([
    ['DELETE', '/runs', 'POST'],
    ['POST', '/runs/run-1', 'GET'],
    ['GET', '/runs/run-1/steps/s.1/usage', 'POST'],
    ['DELETE', '/billing/policies/acme', 'GET, PUT'],
    ['POST', '/openapi.json', 'GET'],
    ['POST', '/alerts', 'GET'],
    ['GET', '/alerts/al_0123/ack', 'POST'],
  ])('%s %s is 405 with Allow: %s', async (method, path, allow) => {
    const { statusCode, headers, json } = await answerOf(handler, method, BASE + path);
    expect([statusCode, json.code, headers?.['Allow']]).toEqual([405, 'METHOD_NOT_ALLOWED', allow]);
  });

  test.each([
    '',
    '/',
    '/run',
    '/runs/',
    '/runs/a/b',
    '/runs/a/steps/',
    '/openapiXjson',
    '/healthz/x',
    '/alerts/',
    '/alerts/al_0123',
    '/alerts//ack',
    '/alerts/a/b/ack',
  ])('GET %j is 404', async (path) => {
    const { statusCode, json } = await answerOf(handler, 'GET', BASE + path);
    expect([statusCode, json.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('a path outside the base path is 404', async () => {
    expect((await answerOf(handler, 'GET', '/runs')).statusCode).toBe(404);
    expect((await answerOf(handler, 'GET', `/x${BASE}/runs`)).statusCode).toBe(404);
  });
});
