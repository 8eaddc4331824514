import type { ServerResponse } from 'node:http';

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
    title: 'Invalid request',
    detail: 'The path is not properly percent-encoded.',
  },
  insufficientScope: {
    status: 403,
    code: 'FORBIDDEN',
    title: 'Forbidden',
    detail: 'The token lacks the scope that this call needs.',
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
    title: 'Body too large',
    detail: 'A body may have 10 MB at most.',
  },
  functionFault: {
    status: 500,
    code: 'INTERNAL_ERROR',
    title: 'Internal error',
    detail: 'The call failed; trying again may help.',
  },
  functionTimeout: {
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    title: 'Service unavailable',
    detail: 'The call took too long; try again.',
    headers: { 'retry-after': '1' },
  },
  notReady: {
    status: 503,
    code: 'SERVICE_UNAVAILABLE',
    title: 'Service unavailable',
    detail: 'The server is starting or stopping.',
    headers: { 'retry-after': '5' },
  },
} as const satisfies Record<string, Problem>;

/** 401 in the form of RFC 6750: `error` only where a token was given. */
export function unauthenticated(detail: string, wasTokenGiven: boolean): Problem {
  return {
    status: 401,
    code: 'UNAUTHENTICATED',
    title: 'Unauthenticated',
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
    title: 'Method not allowed',
    detail: `Only ${allowed} is answered here.`,
    headers: { allow: allowed },
  };
}

/** Answers `problem` as `application/problem+json`; `instance` is the path that was called. */
export function sendProblem(response: ServerResponse, problem: Problem, instance: string): void {
  const { status, code, title, detail, headers } = problem;
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code, instance });
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
