import { BASE_PATH } from '../../core/contract/functions';
import { isAmountProblem, parseUsd } from '../../core/money/nano-usd';
import { awaitToken } from './await-token';
import type { Answer, BudgetClient, CallOptions, Problem } from './budget-client';
import { MaestroRequestError, MaestroUnavailableError } from './maestro-errors';

/**
 * Gives a bearer token. After a 401 it is asked again with the token that was refused, and should
 * then not give that one back; a function without parameters will do where tokens are not cached.
 */
export type TokenSource = (refusedToken?: string) => Promise<string>;

export interface MaestroClientOptions {
  /** Where Maestro is served, without `/api/maestro/v1`. */
  readonly baseUrl: string;
  readonly token: TokenSource;
  /** For calls made without a signal, in milliseconds; 2000 if left out. */
  readonly requestTimeoutMs?: number;
  /** The global one if left out. */
  readonly fetch?: typeof fetch;
}

const DEFAULT_REQUEST_TIMEOUT_MS = 2_000;
const UNAUTHORIZED = 401;

type Reply = { readonly response: Response; readonly document: unknown };

/** A BudgetClient over HTTP. Answers are checked for what the guard relies on, no further. */
export function maestroClient(options: MaestroClientOptions): BudgetClient {
  const root = new URL(BASE_PATH.slice(1), `${options.baseUrl.replace(/\/+$/, '')}/`).href;
  const fetchReply = options.fetch ?? ((url, init) => fetch(url, init));

  async function send(
    path: string,
    body: object,
    token: string,
    signal: AbortSignal,
  ): Promise<Reply> {
    try {
      const response = await fetchReply(`${root}${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          accept: 'application/json, application/problem+json',
        },
        body: JSON.stringify(body),
        signal,
        // A token goes to the configured host alone.
        redirect: 'error',
      });
      return { response, document: readJson(await response.text()) };
    } catch (error) {
      throw new MaestroUnavailableError('Maestro did not answer', undefined, { cause: error });
    }
  }

  async function post<T>(
    path: string,
    body: object,
    isUsable: (document: Record<string, unknown>) => boolean,
    {
      signal = AbortSignal.timeout(options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS),
    }: CallOptions = {},
  ): Promise<Answer<T>> {
    const token = await awaitToken(options.token(), signal);
    let reply = await send(path, body, token, signal);
    if (reply.response.status === UNAUTHORIZED) {
      const fresh = await awaitToken(options.token(token), signal);
      if (fresh !== token) reply = await send(path, body, fresh, signal);
    }
    const { response, document } = reply;
    if (!response.ok) return readRefusal(response, document);
    if (!isRecord(document) || !isUsable(document)) {
      throw new MaestroUnavailableError(`the answer to ${path} is not Maestro's`);
    }
    return { kind: 'accepted', body: document as T };
  }

  const run = (runId: string) => `/runs/${encodeURIComponent(runId)}`;
  const step = (runId: string, stepId: string) =>
    `${run(runId)}/steps/${encodeURIComponent(stepId)}`;

  return {
    createRun: (request, call) => post('/runs', request, isAdmission, call),
    checkStep: (runId, request, call) => post(`${run(runId)}/steps`, request, isAdmission, call),
    recordUsage: (runId, stepId, request, call) =>
      post(`${step(runId, stepId)}/usage`, request, (usage) => isAmount(usage['costUSD']), call),
    completeRun: (runId, request, call) =>
      post(`${run(runId)}/complete`, request, (closed) => isAmount(closed['spentUSD']), call),
  };
}

/**
 * Sorts the answers that are not a success.
 *
 * @throws MaestroUnavailableError where another attempt can help, MaestroRequestError where the
 *   request itself is wrong.
 */
function readRefusal(response: Response, document: unknown): Answer<never> {
  const retryAfterSeconds = readRetryAfter(response.headers.get('retry-after'));
  const { status } = response;
  // API Gateway throttles with a 429 of its own, which carries no problem document.
  const isGatewayThrottle = status === 429 && !isProblem(document);
  if (status >= 500 || status === 408 || isGatewayThrottle) {
    const retryAfterMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
    throw new MaestroUnavailableError(`Maestro answered ${status}`, retryAfterMs);
  }
  const problem = isProblem(document) ? document : undocumentedProblem(status);
  if (!isRefusal(problem)) throw new MaestroRequestError(problem);
  return {
    kind: 'refused',
    problem,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** Refusals are answers about money, models and quotas; the rest is a caller's mistake. */
function isRefusal({ status, code }: Problem): boolean {
  switch (status) {
    case 402:
    case 422:
    case 429:
      return true;
    case 403:
      return code !== 'FORBIDDEN';
    case 409:
      return code === 'RUN_CLOSED';
    default:
      return false;
  }
}

const CODE_BY_STATUS: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
};

/** For answers of a gateway or a wrong address, which carry no problem document. */
function undocumentedProblem(status: number): Problem {
  return {
    type: 'about:blank',
    status,
    code: CODE_BY_STATUS[status] ?? 'INVALID_REQUEST',
    detail: `The budget service answered ${status} without saying why.`,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isProblem(document: unknown): document is Problem {
  return (
    isRecord(document) &&
    typeof document['status'] === 'number' &&
    typeof document['code'] === 'string' &&
    typeof document['detail'] === 'string'
  );
}

function isAmount(value: unknown): boolean {
  return typeof value === 'string' && !isAmountProblem(parseUsd(value));
}

function isAdmission(document: Record<string, unknown>): boolean {
  return (
    (document['decision'] === 'allow' || document['decision'] === 'warn') &&
    isAmount(document['reservedUSD']) &&
    Array.isArray(document['warnings'])
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Seconds; Maestro sends no dates in this field, so a date counts as unknown. */
function readRetryAfter(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header.trim()) ? Number(header) : undefined;
}
