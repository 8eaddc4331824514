import type { ServerResponse } from 'node:http';

/** Where API Gateway tells the request's id. */
export const REQUEST_ID_HEADER = 'apigw-requestid';

/** What the gateway itself answers when no function does, in the contract's form. */
export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  /** One sentence for people. */
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const PROBLEMS = {
  malformedPath: {
    status: 400,
    code: 'INVALID_REQUEST',
    title: 'The request is not valid',
    detail: 'The path is not properly percent-encoded.',
  },
  insufficientScope: {
    status: 403,
    code: 'FORBIDDEN',
    title: 'The access token does not allow this',
    detail: 'The token lacks the scope that this call needs.',
  },
  foreignHost: {
    status: 403,
    code: 'FORBIDDEN',
    title: 'The call is not for this server',
    detail: 'The local server answers to the names of this machine alone.',
  },
  notFound: {
    status: 404,
    code: 'NOT_FOUND',
    title: 'Not found',
    detail: 'There is nothing at this address.',
  },
  bodyTooLarge: {
    status: 413,
    code: 'INVALID_REQUEST',
    title: 'The request is not valid',
    detail: 'A body may have 10 MB at most.',
  },
  functionFault: {
    status: 500,
    code: 'INTERNAL',
    title: 'Something went wrong on our side',
    detail: 'The call failed; trying again may help.',
  },
  functionTimeout: {
    status: 503,
    code: 'LEDGER_UNAVAILABLE',
    title: 'The ledger cannot be reached',
    detail: 'The call took too long; try again.',
    headers: { 'retry-after': '1' },
  },
  notReady: {
    status: 503,
    code: 'LEDGER_UNAVAILABLE',
    title: 'The ledger cannot be reached',
    detail: 'The server is starting or stopping.',
    headers: { 'retry-after': '5' },
  },
} as const satisfies Record<string, Problem>;

/** 401 in the form of RFC 6750: `error` only where a token was given. */
export function unauthenticated(detail: string, wasTokenGiven: boolean): Problem {
  return {
    status: 401,
    code: 'UNAUTHENTICATED',
    title: 'A valid access token is needed',
    detail,
    headers: {
      'www-authenticate': wasTokenGiven ? 'Bearer error="invalid_token"' : 'Bearer',
    },
  };
}

/** 405 with the methods that would do. */
export function methodNotAllowed(allowed: string): Problem {
  return {
    status: 405,
    code: 'METHOD_NOT_ALLOWED',
    title: 'The path does not take this method',
    detail: `Only ${allowed} is answered here.`,
    headers: { allow: allowed },
  };
}

/** The same names that the functions use. */
function typeOf(code: string): string {
  return `urn:maestro-billing:problem:${code.toLowerCase().replaceAll('_', '-')}`;
}

/** Answers `problem` as `application/problem+json`. */
export function sendProblem(response: ServerResponse, problem: Problem): void {
  const instance = `urn:maestro-billing:request:${String(response.getHeader(REQUEST_ID_HEADER))}`;
  const { status, code, title, detail, headers } = problem;
  const body = JSON.stringify({ type: typeOf(code), title, status, detail, code, instance });
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Answers `value` as JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const body = JSON.stringify(value);
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
