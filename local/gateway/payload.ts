import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorization } from './authorizer';

export interface RequestFacts {
  readonly requestId: string;
  readonly routeKey: string;
  /** Without the query. */
  readonly path: string;
  readonly rawQueryString: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly nowMs: number;
  readonly accountId: string;
  readonly authorization: Authorization | undefined;
}

const TEXT_BODY = /^(text\/|application\/(json|xml|javascript)\b)/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `12/Mar/2026:19:03:58 +0000`, as the access logs of old wrote it. */
function commonLogTime(nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  const month = MONTHS[Number(iso.slice(5, 7)) - 1] ?? '';
  return `${iso.slice(8, 10)}/${month}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
}

/** Repeated headers joined by commas, names in lower case, cookies apart. */
function readHeaders(request: IncomingMessage): {
  headers: Record<string, string>;
  cookies: string[];
} {
  const headers: Record<string, string> = {};
  const cookies: string[] = [];
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values === undefined) continue;
    if (name === 'cookie') cookies.push(...values.flatMap((value) => value.split(/; */)));
    else headers[name] = values.join(',');
  }
  return { headers, cookies };
}

function readQuery(rawQueryString: string): Record<string, string> | undefined {
  if (rawQueryString === '') return undefined;
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    query[name] = Object.hasOwn(query, name) ? `${query[name]},${value}` : value;
  }
  return query;
}

function authorizerContext(authorization: Authorization | undefined): object {
  if (authorization === undefined) return {};
  const { claims, scopes } = authorization;
  return { authorizer: { jwt: { claims, scopes } } };
}

/** The event of API Gateway's payload format 2.0. */
export function eventOf(request: IncomingMessage, facts: RequestFacts): object {
  const { headers, cookies } = readHeaders(request);
  const query = readQuery(facts.rawQueryString);
  // Bytes that are no text go as they are: made into one, different bodies would look the same.
  const isText =
    TEXT_BODY.test(headers['content-type'] ?? '') &&
    headers['content-encoding'] === undefined &&
    isUtf8(facts.body);
  const method = request.method ?? '';
  const host = headers['host'] ?? '';
  return {
    version: '2.0',
    routeKey: facts.routeKey,
    rawPath: facts.path,
    rawQueryString: facts.rawQueryString,
    ...(cookies.length > 0 && { cookies }),
    headers,
    ...(query && { queryStringParameters: query }),
    requestContext: {
      accountId: facts.accountId,
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0],
      ...authorizerContext(facts.authorization),
      http: {
        method,
        path: facts.path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: facts.requestId,
      routeKey: facts.routeKey,
      stage: '$default',
      time: commonLogTime(facts.nowMs),
      timeEpoch: facts.nowMs,
    },
    ...(Object.keys(facts.pathParameters).length > 0 && { pathParameters: facts.pathParameters }),
    ...(facts.body.length > 0 && { body: facts.body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: facts.body.length > 0 && !isText,
  };
}

interface StructuredResult {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly cookies?: readonly string[];
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

function structured(result: unknown): StructuredResult {
  if (typeof result === 'object' && result !== null && 'statusCode' in result) {
    return result as StructuredResult;
  }
  return { statusCode: 200, body: JSON.stringify(result ?? null) };
}

/** Answers with what a function returned; a bare value is taken as a JSON body, as in the cloud. */
export function sendResult(response: ServerResponse, result: unknown): void {
  const { statusCode, headers = {}, cookies = [], body = '', isBase64Encoded } = structured(result);
  const bytes = Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  const sent: Record<string, string | string[]> = { 'content-type': 'application/json' };
  for (const [name, value] of Object.entries(headers)) sent[name.toLowerCase()] = String(value);
  if (cookies.length > 0) sent['set-cookie'] = [...cookies];
  if (statusCode !== 204 && statusCode !== 304) sent['content-length'] = String(bytes.length);
  response.writeHead(statusCode, sent);
  response.end(bytes);
}
