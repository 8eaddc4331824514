import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { BASE_PATH, FUNCTION_NAMES, routeOf } from '../../../core/contract/functions';
import { readJson } from '../../../lambdas/http/json-text';
import { PROBLEMS } from '../../../lambdas/http/problem';
import type { RequestSchemas } from '../../../lambdas/http/request-input';
import { SCHEMAS } from '../../../lambdas/schemas/routes';
import { openApiJson } from '../../../scripts/build-openapi';
import {
  OPENAPI,
  answerFaults,
  at,
  contentOf,
  examplesOf,
  headerFaults,
  operationOf,
  resolved,
  type Json,
} from '../../support/openapi';
import { parseFieldList } from '../../support/structured-fields';
import { jsonSchemaOf } from '../../support/valibot-json-schema';

const NAMES = FUNCTION_NAMES.filter((name) => routeOf(name) !== undefined);
const WITH_TOKEN = Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[];
const WITH_BODY = WITH_TOKEN.filter((name) => 'body' in SCHEMAS[name]);

/** A published schema in the form that the handlers' schemas give: no refs, no prose. */
function bare(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(bare);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description, ...rules } = resolved(schema) as Json & { description?: unknown };
  // A field may be called `description`; then it is a schema and no prose.
  const kept = typeof description === 'object' ? { ...rules, description } : rules;
  return Object.fromEntries(Object.entries(kept).map(([key, value]) => [key, bare(value)]));
}

function schemasOf(name: keyof typeof SCHEMAS): RequestSchemas<unknown, unknown, unknown> {
  return SCHEMAS[name];
}

function parametersOf(name: keyof typeof SCHEMAS, place: string): Json[] {
  const parameters = (operationOf(name)['parameters'] ?? []) as unknown[];
  return parameters.map(resolved).filter((parameter) => parameter['in'] === place);
}

test('the JSON that is served is made from the document as it is', () => {
  const file = path.join(__dirname, '../../../lambdas/openapi/openapi.generated.json');
  expect(readFileSync(file, 'utf8')).toBe(openApiJson());
});

test('the document has the routes of the contract and no others', () => {
  const published = Object.entries(OPENAPI['paths'] as Json).flatMap(([route, item]) =>
    Object.entries(item as Json).map(([method, operation]) => [
      at(operation, 'operationId'),
      `${method.toUpperCase()} ${route}`,
    ]),
  );
  const contracted = NAMES.map((name) => [name, `${routeOf(name)?.method} ${routeOf(name)?.path}`]);
  expect(published.toSorted()).toEqual(contracted.toSorted());
  expect(at(OPENAPI, 'servers')).toEqual([{ url: BASE_PATH }]);
});

test.each(NAMES)('%s asks for the scopes of the contract', (name) => {
  const route = routeOf(name);
  const scopes = (operationOf(name)['security'] as { token: string[] }[]).map(({ token }) => token);
  expect(scopes).toEqual(route?.isPublic ? [] : route?.scopes.map((scope) => [scope]));
});

test.each(WITH_BODY)('%s publishes the body that its handler checks', (name) => {
  const published = at(operationOf(name), 'requestBody', 'content', 'application/json', 'schema');
  expect(bare(published)).toEqual(jsonSchemaOf(schemasOf(name).body));
});

test.each(WITH_TOKEN)('%s publishes the path and query that its handler checks', (name) => {
  const { path: pathSchema, query } = schemasOf(name);
  for (const [place, schema] of [
    ['path', pathSchema],
    ['query', query],
  ] as const) {
    const parameters = parametersOf(name, place);
    const properties = Object.fromEntries(
      parameters.map((parameter) => [parameter['name'], bare(parameter['schema'])]),
    );
    const required = parameters.filter((each) => each['required']).map((each) => each['name']);
    const checked = schema === undefined ? { properties: {} } : jsonSchemaOf(schema);
    expect(properties).toEqual(checked['properties']);
    expect(required).toEqual(checked['required'] ?? []);
  }
});

test('functions without a body publish none', () => {
  const others = NAMES.filter((name) => !(WITH_BODY as string[]).includes(name));
  expect(others.filter((name) => operationOf(name)['requestBody'] !== undefined)).toEqual([]);
});

describe('examples', () => {
  test.each(WITH_BODY)('of the requests of %s pass its handler’s schema', (name) => {
    const content = at(operationOf(name), 'requestBody', 'content', 'application/json');
    const examples = Object.values(at(content, 'examples') as Record<string, { value: unknown }>);
    expect(examples.length).toBeGreaterThan(0);
    for (const { value } of examples) {
      const reading = readJson(JSON.stringify(value));
      const body = reading.kind === 'value' ? reading.value : undefined;
      expect(v.safeParse(schemasOf(name).body!, body).issues).toBeUndefined();
    }
  });

  test.each(NAMES)('of the answers of %s have the published form', (name) => {
    for (const status of Object.keys(operationOf(name)['responses'] as Json)) {
      for (const [mediaType, content] of Object.entries(contentOf(name, status) ?? {})) {
        for (const example of examplesOf(content)) {
          expect(answerFaults(name, Number(status), mediaType, example)).toEqual([]);
        }
      }
    }
  });

  test('of problems have the type, title and status of their code', () => {
    for (const response of Object.values(at(OPENAPI, 'components', 'responses') as Json)) {
      const examples = examplesOf(at(response, 'content', 'application/problem+json'));
      expect(examples.length).toBeGreaterThan(0);
      for (const example of examples) {
        const { code, status, title, type } = example as { code: keyof typeof PROBLEMS } & Json;
        expect({ status, title }).toEqual(PROBLEMS[code]);
        expect(type).toBe(`urn:maestro-billing:problem:${code.toLowerCase().replaceAll('_', '-')}`);
      }
    }
  });

  test('of headers have the published form', () => {
    for (const [name, header] of Object.entries(at(OPENAPI, 'components', 'headers') as Json)) {
      const { schema, example } = header as { schema: { pattern: string }; example: string };
      expect({ name, example }).toEqual({ name, example: expect.stringMatching(schema.pattern) });
    }
  });

  test('of the fields that tell of quotas are lists of structured fields', () => {
    const headers = at(OPENAPI, 'components', 'headers');
    const quotas = parseFieldList(String(at(headers, 'RateLimitPolicy', 'example')));
    const standings = parseFieldList(String(at(headers, 'RateLimit', 'example')));
    expect(standings.map(({ value }) => value)).toEqual(quotas.map(({ value }) => value));
  });
});

test.each(NAMES)('%s publishes the failures that its kind of route can have', (name) => {
  const statuses = Object.keys(operationOf(name)['responses'] as Json);
  const needsToken = routeOf(name)?.isPublic ? [] : ['400', '401', '403', '503'];
  expect(statuses).toEqual(expect.arrayContaining([...needsToken, '500']));
});

test('a difference would be seen', () => {
  const amount = { tenant: 'acme', month: '2026-11' };
  expect(answerFaults('read-budget', 200, 'application/json', amount)).toContain(
    '/limitUSD is missing',
  );
  expect(answerFaults('healthz', 200, 'application/json', { status: 'ok', tenants: 3 })).toEqual([
    '/tenants is not published',
  ]);
  expect(answerFaults('healthz', 200, 'application/json', { status: 'bad' })).toHaveLength(1);
  const noPolicy = { 'RateLimit-Policy': '"a";q=1', RateLimit: '"a";r=1;t=1', Age: '1' };
  expect(headerFaults('create-run', 429, noPolicy)).toEqual([
    'Age is not published',
    'Retry-After is missing',
    expect.stringMatching('^RateLimit-Policy does not match'),
  ]);
  expect(answerFaults('healthz', 418, 'application/json', {})).toHaveLength(1);
});
