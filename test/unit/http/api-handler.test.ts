import { setTimeout as delay } from 'node:timers/promises';
import type { HttpRoute } from '../../../core/contract/functions';
import { LedgerUnavailableError, ReplyLostError } from '../../../core/ledger/faults';
import {
  createApiHandler,
  createPublicHandler,
  type ApiHandlerOptions,
  type ApiRequest,
} from '../../../lambdas/http/api-handler';
import { problem } from '../../../lambdas/http/problem';
import { json, type Reply } from '../../../lambdas/http/reply';
import { createLogger } from '../../../lambdas/observability/logger';
import { createRunBody, type CreateRunBody } from '../../../lambdas/schemas/runs';
import { ACME_CLAIMS, apiEvent, lambdaContext, type EventParts } from '../../support/api-event';

type Handle = (request: ApiRequest<object, object, CreateRunBody>) => Promise<Reply>;

const NOW = new Date('2026-11-30T12:00:00Z');
const ROUTE: HttpRoute = { method: 'POST', path: '/runs', scopes: ['maestro/run'] };
const BODY = { tenant: 'acme', pipeline: 'p', estimatedCostUSD: '1' };

function setUp(
  handle: Handle,
  options: Partial<ApiHandlerOptions<object, object, CreateRunBody>> = {},
) {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({
    service: 'create-run',
    stage: 'test',
    level: 'DEBUG',
    now: () => NOW,
    write: (line) => void lines.push(JSON.parse(line)),
  });
  const handler = createApiHandler({
    route: ROUTE,
    tenantClaim: 'tenant',
    schemas: { body: createRunBody },
    logger,
    now: () => NOW,
    handle,
    ...options,
  });
  const send = async (parts: EventParts = {}, remainingMs?: number) => {
    const answer = await handler(apiEvent({ body: BODY, ...parts }), lambdaContext(remainingMs));
    return { answer, status: answer.statusCode, body: JSON.parse(answer.body ?? 'null') };
  };
  return { send, lines };
}

const accept: Handle = async () => json(201, { ok: true });

describe('a request that passes', () => {
  test('reaches the use case with what was checked', async () => {
    let seen: ApiRequest<object, object, CreateRunBody> | undefined;
    const { send } = setUp(async (request) => {
      seen = request;
      return json(201, { ok: true }, { Location: '/runs/1' });
    });
    const { answer } = await send({
      headers: { 'content-type': 'application/json', 'X-Extra': 'y' },
    });
    expect(seen).toMatchObject({
      path: {},
      query: {},
      body: { tenant: 'acme', pipeline: 'p', estimatedCostUSD: 1_000_000_000n },
      caller: {
        subject: 'acme-orchestrator',
        tenant: 'acme',
        scopes: ['maestro/run', 'maestro/read', 'maestro/policy'],
      },
      requestId: 'request-1',
      now: NOW,
    });
    expect(seen?.header('x-extra')).toBe('y');
    expect(seen?.header('IF-MATCH')).toBeUndefined();
    expect(answer).toEqual({
      statusCode: 201,
      headers: {
        'Content-Type': 'application/json',
        'Cache-Control': 'no-store',
        'X-Request-Id': 'request-1',
        Location: '/runs/1',
      },
      body: '{"ok":true}',
    });
  });

  test.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset=UTF-8',
    'application/vnd.acme+json',
  ])('may be sent as %s', async (mediaType) => {
    const { send } = setUp(accept);
    expect((await send({ headers: { 'content-type': mediaType } })).status).toBe(201);
  });

  test('may be in base64, as API Gateway sends some media types', async () => {
    const { send } = setUp(accept);
    const body = Buffer.from(JSON.stringify(BODY)).toString('base64');
    expect((await send({ body, isBase64Encoded: true })).status).toBe(201);
  });

  test('may fill 64 KB to the last byte', async () => {
    const { send } = setUp(accept);
    const padded = JSON.stringify(BODY).padEnd(65_536, ' ');
    expect((await send({ body: padded })).status).toBe(201);
    expect((await send({ body: `${padded} ` })).status).toBe(400);
  });
});

describe('who may call', () => {
  test.each<[string, EventParts['claims'], number, string]>([
    ['no token', null, 401, 'UNAUTHENTICATED'],
    ['no scope', { sub: 's', tenant: 'acme' }, 403, 'FORBIDDEN'],
    ['another scope', { ...ACME_CLAIMS, scope: 'maestro/read' }, 403, 'FORBIDDEN'],
    ['a scope that begins alike', { ...ACME_CLAIMS, scope: 'maestro/runner' }, 403, 'FORBIDDEN'],
    ['no tenant', { sub: 's', scope: 'maestro/run' }, 403, 'FORBIDDEN'],
    ['an empty tenant', { ...ACME_CLAIMS, tenant: '' }, 403, 'FORBIDDEN'],
    ['a tenant that is no id', { ...ACME_CLAIMS, tenant: 'a/b' }, 403, 'FORBIDDEN'],
    ['two stars', { ...ACME_CLAIMS, tenant: '**' }, 403, 'FORBIDDEN'],
    ['no subject', { tenant: 'acme', scope: 'maestro/run' }, 403, 'FORBIDDEN'],
  ])('%s is refused, before the body is looked at', async (_name, claims, status, code) => {
    const { send } = setUp(accept);
    const { body, answer } = await send({ claims, body: 'no json' });
    expect([answer.statusCode, body.code]).toEqual([status, code]);
  });

  test('the tenant comes from the claim with the name that is set', async () => {
    const { send } = setUp(accept, { tenantClaim: 'https://acme.example/tenant' });
    const claims = { sub: 's', scope: 'maestro/run' };
    const named = { ...claims, 'https://acme.example/tenant': 'acme' };
    expect((await send({ claims: named })).status).toBe(201);
    expect((await send({ claims: { ...claims, tenant: 'acme' } })).status).toBe(403);
  });

  test('any one of several scopes is enough', async () => {
    const route: HttpRoute = { ...ROUTE, scopes: ['maestro/run', 'maestro/read'] };
    const { send } = setUp(accept, { route });
    const claims = { ...ACME_CLAIMS, scope: 'openid maestro/read' };
    expect((await send({ claims })).status).toBe(201);
  });
});

describe('an answer', () => {
  test('that is a problem names the request and its figures', async () => {
    const { send } = setUp(async () =>
      problem('BUDGET_HARD_CAP_HIT', 'Only 0.50 USD is left.', {
        remainingUSD: '0.50',
        runId: undefined,
      }),
    );
    const { answer, body } = await send({ requestId: 'a b=' });
    expect(answer.statusCode).toBe(402);
    expect(answer.headers?.['Content-Type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'urn:maestro-billing:problem:budget-hard-cap-hit',
      title: 'The budget does not allow this',
      status: 402,
      detail: 'Only 0.50 USD is left.',
      code: 'BUDGET_HARD_CAP_HIT',
      instance: 'urn:maestro-billing:request:a%20b%3D',
      remainingUSD: '0.50',
    });
  });

  test('cannot hold an amount that was not formatted', async () => {
    expect(() => json(200, { budget: { limitUSD: 1n } })).toThrow('/budget/limitUSD');
    const { send, lines } = setUp(async () => ({ status: 200, body: { limitUSD: 1n } }));
    expect((await send()).body).toMatchObject({ status: 500, code: 'INTERNAL' });
    expect(lines.map(({ level }) => level)).toEqual(['ERROR', 'INFO']);
  });

  test.each([new LedgerUnavailableError('table maestro-prod'), new ReplyLostError('reply')])(
    'is 503 on %p',
    async (fault) => {
      const { send, lines } = setUp(async () => Promise.reject(fault));
      const { answer, body } = await send();
      expect([body.status, body.code]).toEqual([503, 'LEDGER_UNAVAILABLE']);
      expect(answer.headers?.['Retry-After']).toBe('1');
      expect(JSON.stringify(body)).not.toContain(fault.message);
      expect(lines[0]).toMatchObject({ level: 'WARN', error: { message: fault.message } });
    },
  );

  test('tells nothing of what went wrong inside; the log does', async () => {
    const { send, lines } = setUp(async () => Promise.reject(new TypeError('secret inner name')));
    const { answer, body } = await send();
    expect([answer.statusCode, body.code]).toEqual([500, 'INTERNAL']);
    expect(answer.body).not.toMatch(/secret|TypeError|stack|\.ts/);
    expect(lines[0]).toMatchObject({ level: 'ERROR', error: { name: 'TypeError' } });
    expect(JSON.stringify(lines[0])).toContain('api-handler.test.ts');
  });

  test('comes before Lambda stops the function', async () => {
    const { send } = setUp(async () => {
      await delay(2_000, undefined, { ref: false });
      return json(201, {});
    });
    expect((await send({}, 300)).status).toBe(503);
  });
});

describe('the access log', () => {
  test('has one line for a request, without its token or body', async () => {
    const { send, lines } = setUp(accept);
    await send({ headers: { 'content-type': 'application/json', authorization: 'Bearer secret' } });
    expect(lines).toEqual([
      {
        level: 'INFO',
        timestamp: '2026-11-30T12:00:00.000Z',
        service: 'create-run',
        stage: 'test',
        message: 'request',
        requestId: 'request-1',
        method: 'POST',
        route: 'POST /api/maestro/v1/runs',
        status: 201,
        durationMs: 0,
        tenant: 'acme',
        subject: 'acme-orchestrator',
      },
    ]);
  });

  test('does not mix requests that overlap', async () => {
    const { send, lines } = setUp(async ({ caller }) => {
      await delay(caller.tenant === 'slow' ? 20 : 1);
      return caller.tenant === 'slow' ? problem('NOT_FOUND', 'No.') : json(201, {});
    });
    await Promise.all(
      ['slow', 'quick', 'slow', 'quick'].map((tenant, i) =>
        send({ claims: { ...ACME_CLAIMS, tenant }, requestId: `${tenant}-${i}` }),
      ),
    );
    const told = lines.map(({ requestId, tenant, status, code }) => [
      requestId,
      tenant,
      status,
      code,
    ]);
    expect(told.toSorted()).toEqual([
      ['quick-1', 'quick', 201, undefined],
      ['quick-3', 'quick', 201, undefined],
      ['slow-0', 'slow', 404, 'NOT_FOUND'],
      ['slow-2', 'slow', 404, 'NOT_FOUND'],
    ]);
  });
});

test('a public handler reads neither claims nor body', async () => {
  const handler = createPublicHandler({
    logger: createLogger({
      service: 's',
      stage: 't',
      level: 'ERROR',
      now: () => NOW,
      write: () => {},
    }),
    now: () => NOW,
    handle: async ({ method, rawPath }) => json(200, { method, rawPath }),
  });
  const answer = await handler(apiEvent({ claims: null, body: '{' }), lambdaContext());
  expect(answer).toMatchObject({ statusCode: 200 });
});
