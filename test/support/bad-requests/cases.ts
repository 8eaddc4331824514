import type { EventParts } from '../api-event';
import {
  BAD_ALERT_ID,
  BAD_COUNT,
  BAD_ID,
  BAD_MONTH,
  BAD_NAME,
  BODY_FIELDS,
  ENTRY,
  GOOD,
  NOT_OBJECT,
  SURROUNDINGS,
  WITH_BODY,
  type Route,
} from './values';

/** A change of a good request and the place where the answer has to put the fault. */
export interface BadCase {
  readonly name: string;
  readonly parts: EventParts;
  readonly at: string;
}

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
  const tag = (name: string, tags: string, at: string): BadCase => {
    const text = JSON.stringify(good.body);
    return {
      name: `tags: ${name}`,
      parts: { ...good, body: `${text.slice(0, -1)},"tags":${tags}}` },
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
    cursor: ['', 'a b', 'ä', '=', 'a+b', 'a/b', 'a\n', 'a'.repeat(2049)],
    type: ['', 'budget_hard_cap_hit', 'BUDGET', 'BUDGET_HARD_CAP_HIT ', 'toString', '*'],
    status: ['', 'open', 'CLOSED', 'OPEN,ACKNOWLEDGED', '__proto__', '*'],
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
  'list-alerts': { tenant: 1, type: 1, status: 1, cursor: 1 },
  'acknowledge-alert': {},
};

function pathCases(route: Route): BadCase[] {
  const good: EventParts = GOOD[route];
  return Object.keys(good.path ?? {}).flatMap((name) =>
    (name === 'alertId' ? BAD_ALERT_ID : BAD_ID).flatMap((value) =>
      typeof value === 'string' ? [pathCase(good, name, value)] : [],
    ),
  );
}

function pathCase(good: EventParts, name: string, value: string): BadCase {
  return {
    name: `{${name}} = ${JSON.stringify(value).slice(0, 60)}`,
    parts: { ...good, path: { ...good.path, [name]: value } },
    at: `path/${name}`,
  };
}

/** All bad requests of a route. */
export function casesOf(route: Route): BadCase[] {
  return [
    ...(WITH_BODY.includes(route) ? [...bodyFieldCases(route), ...bodyCases(route)] : []),
    ...(route === 'create-run' ? estimateCases() : []),
    ...(route === 'create-run' || route === 'record-usage' ? tagCases(route) : []),
    ...queryCases(route),
    ...pathCases(route),
  ];
}
