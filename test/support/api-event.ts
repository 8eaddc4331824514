import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

export interface EventParts {
  readonly method?: string;
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** `null`: no token, as on a public route. */
  readonly claims?: Readonly<Record<string, string>> | null;
  readonly isBase64Encoded?: boolean;
  readonly requestId?: string;
}

export const ACME_CLAIMS = {
  sub: 'acme-orchestrator',
  tenant: 'acme',
  scope: 'maestro/run maestro/read maestro/policy',
} as const;

/** An event as API Gateway sends it for an HTTP API with payload format 2.0. */
export function apiEvent(parts: EventParts = {}): APIGatewayProxyEventV2 {
  const { method = 'POST', path, query = '', body, claims = ACME_CLAIMS } = parts;
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  const rawPath = '/api/maestro/v1/runs';
  const event = {
    version: '2.0',
    routeKey: `${method} ${rawPath}`,
    rawPath,
    rawQueryString: query,
    headers: {
      host: 'api.example.com',
      ...(text === undefined ? {} : { 'content-type': 'application/json' }),
      ...parts.headers,
    },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example.com',
      domainPrefix: 'api',
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: parts.requestId ?? 'request-1',
      routeKey: `${method} ${rawPath}`,
      stage: '$default',
      time: '30/Nov/2026:12:00:00 +0000',
      timeEpoch: Date.parse('2026-11-30T12:00:00Z'),
      ...(claims === null
        ? {}
        : {
            authorizer: { principalId: '', integrationLatency: 0, jwt: { claims, scopes: null } },
          }),
    },
    ...(path === undefined ? {} : { pathParameters: path }),
    ...(text === undefined ? {} : { body: text }),
    isBase64Encoded: parts.isBase64Encoded ?? false,
  };
  // The types know no token without scopes, which is what API Gateway sends for most routes.
  return event as unknown as APIGatewayProxyEventV2;
}

/** What Lambda passes beside the event. */
export function lambdaContext(remainingMs = 10_000): Context {
  return {
    callbackWaitsForEmptyEventLoop: false,
    functionName: 'test',
    functionVersion: '1',
    invokedFunctionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:test',
    memoryLimitInMB: '256',
    awsRequestId: 'aws-request-1',
    logGroupName: 'log',
    logStreamName: 'stream',
    getRemainingTimeInMillis: () => remainingMs,
    done: () => undefined,
    fail: () => undefined,
    succeed: () => undefined,
  };
}
