import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import * as v from 'valibot';
import { pointerToken, readJson } from './json-text';
import type { FieldError } from './problem';

export const MAX_BODY_BYTES = 64 * 1024;

/** More than these help nobody, and a body can hold thousands. */
const MAX_ERRORS = 20;
const JSON_MEDIA_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;.*)?$/i;

/** Checks and turns a part of the request into T. */
export type Schema<T> = v.GenericSchema<unknown, T>;

export interface RequestSchemas<P, Q, B> {
  readonly path?: Schema<P>;
  readonly query?: Schema<Q>;
  readonly body?: Schema<B>;
}

export interface RequestInput<P, Q, B> {
  readonly path: P;
  readonly query: Q;
  readonly body: B;
}

export type InputReading<P, Q, B> =
  | { readonly kind: 'input'; readonly input: RequestInput<P, Q, B> }
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[] };

/** Where there are errors there is no value. */
interface PartReading<T> {
  readonly value?: T;
  readonly errors?: readonly FieldError[];
}

/** A route without a schema for its path or query takes none. */
const NOTHING: Schema<unknown> = v.strictObject({});
const NO_BODY: PartReading<unknown> = {};

/** Reads and checks path, query and body; tells all fields at fault, not the first alone. */
export function readInput<P, Q, B>(
  event: APIGatewayProxyEventV2,
  schemas: RequestSchemas<P, Q, B>,
): InputReading<P, Q, B> {
  const path = check<unknown>(schemas.path ?? NOTHING, event.pathParameters ?? {}, 'path');
  const query = readQuery(event.rawQueryString, schemas.query ?? NOTHING);
  const body = schemas.body === undefined ? NO_BODY : readBody<unknown>(event, schemas.body);
  const errors = [path, query, body].flatMap((part) => part.errors ?? []);
  if (errors.length > 0) return { kind: 'refused', errors: errors.slice(0, MAX_ERRORS) };
  // Each value is what its schema gives; where there is no schema, P, Q or B is its default.
  const input = { path: path.value, query: query.value, body: body.value };
  return { kind: 'input', input: input as RequestInput<P, Q, B> };
}

/**
 * API Gateway joins repeated parameters with commas in `queryStringParameters`, so the raw text is
 * read: which of two values was meant cannot be told.
 */
function readQuery(rawQuery: string | undefined, schema: Schema<unknown>): PartReading<unknown> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(rawQuery ?? '')) {
    if (values.has(name)) {
      return { errors: [{ path: `query/${pointerToken(name)}`, message: 'is given twice' }] };
    }
    values.set(name, value);
  }
  return check(schema, Object.fromEntries(values), 'query');
}

function readBody<B>(event: APIGatewayProxyEventV2, schema: Schema<B>): PartReading<B> {
  const mediaType = headerOf(event, 'content-type');
  if (mediaType === undefined || !JSON_MEDIA_TYPE.test(mediaType)) {
    const message = 'must be application/json';
    return { errors: [{ path: 'header/content-type', message }] };
  }
  const text = bodyText(event);
  if (typeof text !== 'string') return { errors: [text] };
  if (text.trim() === '') return { errors: [{ path: '', message: 'must be a JSON object' }] };
  const reading = readJson(text);
  if (reading.kind === 'refused') return { errors: [reading.error] };
  return check(schema, reading.value, '');
}

function bodyText(event: APIGatewayProxyEventV2): string | FieldError {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) {
    return { path: '', message: `must be at most ${MAX_BODY_BYTES} bytes` };
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { path: '', message: 'must be encoded as UTF-8' };
  }
}

/** A header's value; API Gateway gives the names in lower case, other servers may not. */
export function headerOf(event: APIGatewayProxyEventV2, name: string): string | undefined {
  const headers = event.headers ?? {};
  const wanted = name.toLowerCase();
  if (Object.hasOwn(headers, wanted)) return headers[wanted];
  return Object.entries(headers).find(([each]) => each.toLowerCase() === wanted)?.[1];
}

function check<T>(schema: Schema<T>, value: unknown, part: string): PartReading<T> {
  const result = v.safeParse(schema, value);
  if (result.success) return { value: result.output };
  return { errors: result.issues.slice(0, MAX_ERRORS).map((issue) => fieldError(issue, part)) };
}

/** What went wrong, without the value: that may be long, or somebody's secret. */
export function fieldError(issue: v.BaseIssue<unknown>, part: string): FieldError {
  const path = (issue.path ?? []).map(({ key }) => `/${pointerToken(key)}`).join('');
  return { path: part + path, message: messageOf(issue) };
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  const last = issue.path?.at(-1);
  if (issue.type === 'strict_object' && last?.type === 'object' && last.origin === 'key') {
    return issue.expected === 'never' ? 'is not a known field' : 'is required';
  }
  return `must be ${issue.expected ?? 'something else'}`;
}
