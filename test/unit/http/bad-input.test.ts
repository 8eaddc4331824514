import { FUNCTIONS, routeOf } from '../../../core/contract/functions';
import { createApiHandler } from '../../../lambdas/http/api-handler';
import { json } from '../../../lambdas/http/reply';
import type { RequestSchemas } from '../../../lambdas/http/request-input';
import { createLogger } from '../../../lambdas/observability/logger';
import { SCHEMAS } from '../../../lambdas/schemas/routes';
import { apiEvent, lambdaContext, type EventParts } from '../../support/api-event';
import { casesOf } from '../../support/bad-requests/cases';
import { GOOD, ROUTES, type Route } from '../../support/bad-requests/values';

const logged: string[] = [];

async function send(route: Route, parts: EventParts) {
  let reached = false;
  const schemas: RequestSchemas<unknown, unknown, unknown> = SCHEMAS[route];
  const handler = createApiHandler({
    route: routeOf(route)!,
    tenantClaim: 'tenant',
    schemas,
    now: () => new Date('2026-11-30T12:00:00Z'),
    logger: createLogger({
      service: route,
      stage: 'test',
      level: 'DEBUG',
      now: () => new Date('2026-11-30T12:00:00Z'),
      write: (line) => void logged.push(line),
    }),
    handle: async () => {
      reached = true;
      return json(200, {});
    },
  });
  const answer = await handler(apiEvent(parts), lambdaContext());
  return { status: answer.statusCode, body: JSON.parse(answer.body ?? '{}'), reached, answer };
}

test('the table covers every route with a token', () => {
  const withToken = Object.entries(FUNCTIONS).filter(
    ([, contract]) => 'route' in contract && !('isPublic' in contract.route),
  );
  expect(ROUTES.toSorted()).toEqual(withToken.map(([name]) => name).toSorted());
});

describe.each(ROUTES)('%s', (route) => {
  test('takes the good request', async () => {
    expect(await send(route, GOOD[route])).toMatchObject({ status: 200, reached: true });
  });

  test.each(casesOf(route).map((each) => [each.name, each] as const))(
    'refuses %s',
    async (_name, { parts, at }) => {
      const { status, body, reached, answer } = await send(route, parts);
      expect({ status, code: body.code, reached }).toEqual({
        status: 400,
        code: 'INVALID_REQUEST',
        reached: false,
      });
      expect(body.errors.map((error: { path: string }) => error.path)).toContain(at);
      expect(answer.headers?.['Content-Type']).toBe('application/problem+json');
      expect(body.detail).toMatch(/^The request is not valid: .*\.$/);
    },
  );
});

test('no line of the log holds an error', () => {
  expect(logged.filter((line) => line.includes('"ERROR"'))).toEqual([]);
});
