import { FUNCTIONS, routeOf, type FunctionName } from '../../../core/contract/functions';
import { createApiHandler } from '../../../lambdas/http/api-handler';
import { json } from '../../../lambdas/http/reply';
import type { RequestSchemas } from '../../../lambdas/http/request-input';
import { createLogger } from '../../../lambdas/observability/logger';
import { SCHEMAS } from '../../../lambdas/schemas/routes';
import { apiEvent, lambdaContext, type EventParts } from '../../support/api-event';

/** A change of a good request and the place where the answer has to put the fault. */
interface BadCase {
  readonly name: string;
  readonly parts: EventParts;
  readonly at: string;
}

const STEP = { runId: 'run-1', stepId: 'step-1' };
const ENTRY = { model: 'gpt-4o-mini', inputTokens: 1, outputTokens: 1 };
const RATE = { model: 'm', provider: 'p', inputPerMTokUSD: '1', outputPerMTokUSD: '2' };

/** One good request for each route; every bad one differs from it in one place. */
const GOOD = {
  'create-run': { body: { tenant: 'acme', pipeline: 'p', estimatedCostUSD: '1' } },
  'check-step': { path: { runId: 'run-1' }, body: { stepId: 's', estimatedCostUSD: '1' } },
  'record-usage': { path: STEP, body: { costUSD: '1' } },
  'complete-run': { path: { runId: 'run-1' }, body: { status: 'succeeded' } },
  'read-run': { path: { runId: 'run-1' }, method: 'GET' },
  'read-policy': { path: { tenant: 'acme' }, method: 'GET' },
  'write-policy': {
    path: { tenant: 'acme' },
    body: { budget: { mode: 'hard-cap', limitUSD: '10' } },
    method: 'PUT',
  },
  'read-budget': { path: { tenant: 'acme' }, method: 'GET' },
  'list-usage': { method: 'GET' },
} satisfies Partial<Record<FunctionName, EventParts>>;

type Route = keyof typeof GOOD;

const ROUTES = Object.keys(GOOD) as Route[];
const WITH_BODY = ROUTES.filter((route) => 'body' in GOOD[route]);

const NOT_TEXT = [null, 5, true, [], {}, ['x']];
const NOT_OBJECT = [null, 5, true, 'text', [], ['x']];
const BAD_ID = [
  ...NOT_TEXT,
  ...['', '.', '..', 'a/b', 'a b', ' a', 'a\n', 'ä', 'a'.repeat(65), '%2e', 'a\u0000', 'a,b'],
];
const BAD_AMOUNT = [
  ...[null, true, [], {}, '', ' ', '-1', '-0', '+1', '1e3', 'NaN', 'Infinity', '0x1', '1,5'],
  ...[
    '1.',
    '.1',
    '01',
    ' 1',
    '1.0000000001',
    '1000000000000',
    '9'.repeat(500),
    -1,
    0.1 + 0.2,
    1e12,
  ],
];
const BAD_COUNT = [null, true, [], {}, '5', -1, 1.5, 1e99, 'NaN'];
const BAD_TIME = [
  ...[...NOT_TEXT, '', '2026-11-30', '2026-02-30T00:00:00Z', '2026-02-29T00:00:00Z'],
  ...[
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-11-31T00:00:00Z',
    '2026-11-30 00:00:00Z',
  ],
  ...[
    '2026-11-30T24:00:00Z',
    '2026-11-30T00:60:00Z',
    '2026-11-30T00:00:60Z',
    '2026-11-30T00:00:00',
  ],
  ...['2026-11-30T00:00:00+24:00', '1999-01-01T00:00:00Z', 'now', '1764460800'],
];
const BAD_MONTH = [
  '',
  '2026',
  '2026-13',
  '2026-00',
  '2026-1',
  '26-01',
  '2026-01-01',
  '0000-01',
  'x',
];
const BAD_NAME = [...NOT_TEXT, '', ' ', 'a b', 'a\n', 'ä', 'a'.repeat(201)];

/** The values that each field of a body must refuse, by its JSON pointer. */
const BODY_FIELDS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  'create-run': {
    '/tenant': [undefined, ...BAD_ID],
    '/runId': BAD_ID,
    '/pipeline': [undefined, ...NOT_TEXT, '', 'a\n', 'ä', 'a\\b', 'a'.repeat(129)],
    '/estimatedCostUSD': [undefined, ...BAD_AMOUNT],
    '/deadline': BAD_TIME,
    '/dryRun': [null, 0, 1, 'true', [], {}],
    '/tags': NOT_OBJECT,
    '/status': ['OPEN'],
  },
  'check-step': {
    '/stepId': [undefined, ...BAD_ID],
    '/model': BAD_NAME,
    '/provider': [...BAD_NAME, 'a/b', 'a'.repeat(65)],
    '/estimatedTokens': NOT_OBJECT,
    '/estimatedTokens/input': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/estimatedTokens/output': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/estimatedTokens/cachedInput': [1],
    '/estimatedCostUSD': [undefined, ...BAD_AMOUNT],
    '/dryRun': [null, 0, 'false'],
    '/tags': [{}],
  },
  'record-usage': {
    '/tokens': NOT_OBJECT,
    '/tokens/input': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/tokens/output': [undefined, ...BAD_COUNT, 1_000_000_001],
    '/tokens/cachedInput': [...BAD_COUNT, 11],
    '/tokens/total': [1],
    '/costUSD': BAD_AMOUNT,
    '/model': BAD_NAME,
    '/provider': [...BAD_NAME, 'a/b'],
    '/tags': NOT_OBJECT,
    '/occurredAt': BAD_TIME,
    '/dryRun': [true],
  },
  'complete-run': {
    '/status': [undefined, ...NOT_TEXT, '', 'done', 'SUCCEEDED'],
    '/reason': ['x'],
  },
  'write-policy': {
    '/budget': [undefined, ...NOT_OBJECT],
    '/budget/mode': [undefined, ...NOT_TEXT, '', 'hard', 'HARD-CAP'],
    '/budget/limitUSD': [undefined, ...BAD_AMOUNT],
    '/budget/gracePercent': [...BAD_COUNT, 1001],
    '/budget/alertThresholds': [null, 5, 'x', {}, Array.from({ length: 11 }, (_, i) => i + 1)],
    '/budget/alertThresholds/1': [...BAD_COUNT, 0, 1001, 50],
    '/budget/onGraceExceeded': [...NOT_TEXT, 'stop'],
    '/budget/spentUSD': ['0'],
    '/quotas': NOT_OBJECT,
    '/quotas/requestsPerMinute': [...BAD_COUNT, 0, 1_000_001],
    '/quotas/tokensPerDay': [...BAD_COUNT, 0, 1_000_000_000_001],
    '/quotas/allowedModels': [null, 5, 'x', {}, [], Array.from({ length: 201 }, (_, i) => `m${i}`)],
    '/quotas/allowedModels/0': [null, 5, [], {}, '', '*', 'a b', 'a/b/*', '*/a', 'a'.repeat(201)],
    '/quotas/other': [1],
    '/rates': [
      null,
      5,
      'x',
      {},
      Array.from({ length: 201 }, (_, i) => ({ ...RATE, model: `m${i}` })),
    ],
    '/rates/0': NOT_OBJECT,
    '/rates/0/model': [undefined, ...BAD_NAME],
    '/rates/0/provider': [undefined, ...BAD_NAME, 'a/b'],
    '/rates/0/inputPerMTokUSD': [undefined, ...BAD_AMOUNT, '1000001'],
    '/rates/0/outputPerMTokUSD': [undefined, ...BAD_AMOUNT],
    '/rates/0/cachedInputPerMTokUSD': BAD_AMOUNT,
    '/rates/0/currency': ['USD'],
    '/tenant': ['acme'],
  },
};

/** What a field stands in, where the good body has nothing there. */
const SURROUNDINGS: Readonly<Record<string, unknown>> = {
  '/estimatedTokens': { input: 10, output: 10 },
  '/tokens': { input: 10, output: 10, cachedInput: 0 },
  '/budget/alertThresholds': [50, 80],
  '/quotas': {},
  '/quotas/allowedModels': ['m'],
  '/rates': [RATE],
};

/** A copy of the body with the value at the pointer; undefined takes the field away. */
function withValue(body: unknown, pointer: string, value: unknown): unknown {
  const copy = structuredClone(body) as Record<string, unknown>;
  const keys = pointer.split('/').slice(1);
  let place: Record<string, unknown> = copy;
  for (const [index, key] of keys.slice(0, -1).entries()) {
    const surroundings = SURROUNDINGS[`/${keys.slice(0, index + 1).join('/')}`];
    place[key] ??= structuredClone(surroundings);
    if (key === 'alertThresholds' || key === 'allowedModels' || key === 'rates') {
      place[key] = structuredClone(surroundings);
    }
    place = place[key] as Record<string, unknown>;
  }
  const last = keys.at(-1) ?? '';
  if (value === undefined) delete place[last];
  else place[last] = value;
  return copy;
}

function bodyFieldCases(route: Route): BadCase[] {
  const good: EventParts = GOOD[route];
  return Object.entries(BODY_FIELDS[route] ?? {}).flatMap(([at, values]) =>
    values.map((value) => ({
      name: `${at} = ${JSON.stringify(value)?.slice(0, 60)}`,
      parts: { ...good, body: withValue(good.body, at, value) },
      at,
    })),
  );
}

/** Faults of a body that are not one value in one field. */
function bodyCases(route: Route): BadCase[] {
  const good: EventParts = GOOD[route];
  const text = JSON.stringify(good.body);
  const firstKey = Object.keys(good.body as object)[0] ?? '';
  const raw = (name: string, body: string, at = ''): BadCase => ({
    name,
    parts: { ...good, body },
    at,
  });
  const headers = (name: string, mediaType: string): BadCase => ({
    name,
    parts: { ...good, headers: { 'content-type': mediaType } },
    at: 'header/content-type',
  });
  const firstPair = text.slice(1, text.indexOf(',') < 0 ? -1 : text.indexOf(','));
  return [
    raw('no body', ''),
    raw('white space', ' \n'),
    raw('malformed JSON', text.slice(0, -1)),
    raw('trailing text', `${text}x`),
    raw('two values', `${text}${text}`),
    raw('a trailing comma', `${text.slice(0, -1)},}`),
    raw('a comment', `${text}//`),
    raw('NaN', text.replace(/:.*/, ':NaN}')),
    raw('Infinity', text.replace(/:.*/, ':-Infinity}')),
    raw('a leading zero', text.replace(/:.*/, ':01}')),
    raw('null', 'null'),
    raw('a list', '[]'),
    raw('a list of it', `[${text}]`),
    raw('a text', '"x"'),
    raw('a number', '5'),
    raw('true', 'true'),
    raw('33 levels', `{"x":${'['.repeat(32)}${']'.repeat(32)}}`),
    raw('30,000 levels', `{"x":${'['.repeat(30_000)}${']'.repeat(30_000)}}`),
    raw('30,000 open brackets', '['.repeat(30_000)),
    raw('over 64 KB', `${text.slice(0, -1)},"x":"${'y'.repeat(65_536)}"}`),
    raw('over 64 KB of two-byte letters', `${text.slice(0, -1)},"x":"${'ä'.repeat(32_768)}"}`),
    raw('an unknown field', `${text.slice(0, -1)},"nope":1}`, '/nope'),
    raw('a key with a slash', `${text.slice(0, -1)},"a/~b":1}`, '/a~1~0b'),
    raw('__proto__', `${text.slice(0, -1)},"__proto__":{"tenant":"other"}}`, '/__proto__'),
    raw('constructor', `${text.slice(0, -1)},"constructor":1}`, '/constructor'),
    raw(
      'an equal key twice',
      `${text.slice(0, -1)},${firstPair.split(':{')[0]?.includes(':') ? firstPair : `"${firstKey}":1`}}`,
      `/${firstKey}`,
    ),
    raw('a key twice', `${text.slice(0, -1)},"${firstKey}":"other"}`, `/${firstKey}`),
    raw(
      'a key twice, escaped',
      `${text.slice(0, -1)},"\\u00${firstKey.charCodeAt(0).toString(16)}${firstKey.slice(1)}":1}`,
      `/${firstKey}`,
    ),
    headers('no media type', ''),
    headers('text/plain', 'text/plain'),
    headers('a form', 'application/x-www-form-urlencoded'),
    headers('XML', 'application/xml'),
    headers('almost JSON', 'application/jsonx'),
    {
      name: 'bytes that are not UTF-8',
      parts: {
        ...good,
        isBase64Encoded: true,
        body: Buffer.from([0x7b, 0xff, 0x7d]).toString('base64'),
      },
      at: '',
    },
  ];
}

function estimateCases(): BadCase[] {
  const good = { tenant: 'acme', pipeline: 'p' };
  const entry = (name: string, value: unknown, at: string): BadCase => ({
    name: `estimate: ${name}`,
    parts: { body: { ...good, estimate: value } },
    at,
  });
  const field = (key: string, values: readonly unknown[]) =>
    values.map((value) =>
      entry(
        `${key} = ${JSON.stringify(value)}`,
        [ENTRY, { ...ENTRY, [key]: value }],
        `/estimate/1/${key}`,
      ),
    );
  return [
    ...[null, 5, 'x', {}, [], Array.from({ length: 101 }, () => ENTRY)].map((value) =>
      entry(`${JSON.stringify(value).slice(0, 20)}`, value, '/estimate'),
    ),
    ...NOT_OBJECT.map((value) => entry(JSON.stringify(value), [value], '/estimate/0')),
    ...field('model', [undefined, ...BAD_NAME]),
    ...field('provider', [...BAD_NAME, 'a/b']),
    ...field('inputTokens', [undefined, ...BAD_COUNT, 1_000_000_001]),
    ...field('outputTokens', [undefined, ...BAD_COUNT]),
    ...field('count', [...BAD_COUNT, 0, 1_000_001]),
    ...field('cachedInput', [1]),
    {
      name: 'both estimates',
      parts: { body: { ...good, estimatedCostUSD: '1', estimate: [ENTRY] } },
      at: '/estimate',
    },
  ];
}

function tagCases(route: 'create-run' | 'record-usage'): BadCase[] {
  const good: EventParts = GOOD[route];
  const tag = (name: string, json: string, at: string): BadCase => {
    const text = JSON.stringify(good.body);
    return {
      name: `tags: ${name}`,
      parts: { ...good, body: `${text.slice(0, -1)},"tags":${json}}` },
      at,
    };
  };
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, i) => [`k${i}`, 'v']));
  return [
    tag('21', JSON.stringify(many), '/tags'),
    tag('no key', '{"":"v"}', '/tags/'),
    tag('long key', `{"${'k'.repeat(65)}":"v"}`, `/tags/${'k'.repeat(64)}`),
    tag('long value', `{"k":"${'v'.repeat(257)}"}`, '/tags/k'),
    tag('number', '{"k":1}', '/tags/k'),
    tag('null', '{"k":null}', '/tags/k'),
    tag('object', '{"k":{}}', '/tags/k'),
    tag('control character', '{"k":"a\\u0000"}', '/tags/k'),
    tag('half a surrogate pair', '{"k":"\\ud800"}', '/tags/k'),
    tag('__proto__', '{"__proto__":"v"}', '/tags/__proto__'),
    tag('constructor', '{"constructor":"v"}', '/tags/constructor'),
    tag('twice', '{"k":"v","k":"v"}', '/tags/k'),
  ];
}

function queryCases(route: Route): BadCase[] {
  const good: EventParts = GOOD[route];
  const known: Readonly<Record<string, readonly string[]>> = {
    tenant: ['', '.', '..', 'a/b', 'a'.repeat(65), 'acme,acme', '%FF', '%'],
    month: BAD_MONTH,
    cursor: ['', 'a b', 'ä', '=', 'a'.repeat(2049)],
  };
  const query = (name: string, text: string, at: string): BadCase => ({
    name: `?${name}`.slice(0, 80),
    parts: { ...good, query: text },
    at,
  });
  const entries = Object.keys(QUERY_OF[route]).flatMap((name) => [
    ...(known[name] ?? []).map((value) =>
      query(
        `${name}=${value}`,
        `${name}=${value.startsWith('%') ? value : encodeURIComponent(value)}`,
        `query/${name}`,
      ),
    ),
    query(`${name} twice`, `${name}=acme&${name}=acme`, `query/${name}`),
  ]);
  return [
    ...entries,
    query('unknown', 'nope=1', 'query/nope'),
    query('__proto__', '__proto__=1', 'query/__proto__'),
    query('no name', '=1', 'query/'),
  ];
}

const QUERY_OF: Readonly<Record<Route, object>> = {
  'create-run': {},
  'check-step': { tenant: 1 },
  'record-usage': { tenant: 1 },
  'complete-run': { tenant: 1 },
  'read-run': { tenant: 1 },
  'read-policy': {},
  'write-policy': {},
  'read-budget': { month: 1 },
  'list-usage': { tenant: 1, month: 1, cursor: 1 },
};

function pathCases(route: Route): BadCase[] {
  const good: EventParts = GOOD[route];
  return Object.keys(good.path ?? {}).flatMap((name) =>
    BAD_ID.filter((value) => typeof value === 'string').map((value) => ({
      name: `{${name}} = ${JSON.stringify(value).slice(0, 60)}`,
      parts: { ...good, path: { ...good.path, [name]: value } },
      at: `path/${name}`,
    })),
  );
}

function casesOf(route: Route): BadCase[] {
  return [
    ...(WITH_BODY.includes(route) ? [...bodyFieldCases(route), ...bodyCases(route)] : []),
    ...(route === 'create-run' ? estimateCases() : []),
    ...(route === 'create-run' || route === 'record-usage' ? tagCases(route) : []),
    ...queryCases(route),
    ...pathCases(route),
  ];
}

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
