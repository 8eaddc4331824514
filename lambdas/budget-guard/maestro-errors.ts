import type { Problem, Refusal } from './budget-client';

/** No usable answer came: not reached, too slow, overloaded, or its ledger is away. */
export class MaestroUnavailableError extends Error {
  override readonly name = 'MaestroUnavailableError';

  /** @param retryAfterMs how long Maestro asked callers to wait, in milliseconds. */
  constructor(
    message: string,
    readonly retryAfterMs?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Maestro understood and will never accept the call as it stands: a mistake to be mended. */
export class MaestroRequestError extends Error {
  override readonly name = 'MaestroRequestError';

  constructor(readonly problem: Problem) {
    super(`${problem.status} ${problem.code}: ${problem.detail}`);
  }
}

/** The members of a problem document that are not figures. */
const FIXED_MEMBERS = new Set(['type', 'title', 'status', 'detail', 'code', 'instance']);

/** What API Gateway takes from a function: payload format 2.0, and 1.0 as well. */
export interface ProblemResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The handler was not run, because no money could be held for it. `unavailable` tells the two
 * cases apart: refused by Maestro, or Maestro out of reach (status 503, code LEDGER_UNAVAILABLE).
 */
export class BudgetDeniedError extends Error {
  override readonly name = 'BudgetDeniedError';
  readonly problem: Problem;
  /** HTTP status to answer: 402, 403, 409, 422, 429 or 503. */
  readonly status: number;
  readonly code: string;
  /** One sentence that a user interface can show as it is. */
  readonly detail: string;
  /** Limit, spend, what was asked for and the like, as the problem document carries them. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** Seconds to wait before asking again, where Maestro knows. */
  readonly retryAfter: number | undefined;
  readonly unavailable: boolean;
  /** `statusCode` and `expose` are what `@middy/http-error-handler` looks at. */
  readonly statusCode: number;
  readonly expose = true;

  constructor(
    refusal: Omit<Refusal, 'kind'>,
    options: ErrorOptions & { unavailable?: boolean } = {},
  ) {
    super(refusal.problem.detail, options);
    const { problem } = refusal;
    this.problem = problem;
    this.status = problem.status;
    this.statusCode = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.retryAfter = refusal.retryAfterSeconds;
    this.unavailable = options.unavailable ?? false;
    this.figures = Object.fromEntries(
      Object.entries(problem).filter(([member]) => !FIXED_MEMBERS.has(member)),
    );
  }

  /** The refusal of a guard that could not reach Maestro and so fails closed. */
  static becauseUnavailable(cause: MaestroUnavailableError): BudgetDeniedError {
    const retryAfter =
      cause.retryAfterMs === undefined
        ? {}
        : { retryAfterSeconds: Math.ceil(cause.retryAfterMs / 1000) };
    return new BudgetDeniedError(
      {
        problem: {
          type: 'about:blank',
          title: 'Service Unavailable',
          status: 503,
          code: 'LEDGER_UNAVAILABLE',
          detail: 'The budget cannot be checked at the moment; please try again shortly.',
        },
        ...retryAfter,
      },
      { cause, unavailable: true },
    );
  }

  /** The problem document as the answer of an HTTP handler, with `Retry-After` where known. */
  toHttpResponse(): ProblemResponse {
    return {
      statusCode: this.status,
      headers: {
        'content-type': 'application/problem+json',
        ...(this.retryAfter === undefined ? {} : { 'retry-after': String(this.retryAfter) }),
      },
      body: JSON.stringify(this.problem),
    };
  }
}
