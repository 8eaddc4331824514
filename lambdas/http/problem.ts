import type { Reply } from './reply';

/** Every failure that the interface knows, by the code that callers switch on. */
export const PROBLEMS = {
  INVALID_REQUEST: { status: 400, title: 'The request is not valid' },
  UNAUTHENTICATED: { status: 401, title: 'A valid access token is needed' },
  FORBIDDEN: { status: 403, title: 'The access token does not allow this' },
  MODEL_NOT_ALLOWED: { status: 403, title: 'The policy does not allow this model' },
  POLICY_NOT_FOUND: { status: 403, title: 'The tenant has no policy' },
  BUDGET_HARD_CAP_HIT: { status: 402, title: 'The budget does not allow this' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'The path does not take this method' },
  RUN_CLOSED: { status: 409, title: 'The run is closed' },
  ID_REUSED: { status: 409, title: 'The id was used for something else' },
  OVERRIDE_DECIDED: { status: 409, title: 'The override was decided before' },
  PRECONDITION_FAILED: { status: 412, title: 'It was changed in the meantime' },
  PRECONDITION_REQUIRED: { status: 428, title: 'If-Match or If-None-Match is needed' },
  PRICE_UNKNOWN: { status: 422, title: 'The model has no known price' },
  RPM_QUOTA_EXCEEDED: { status: 429, title: 'Too many requests in a minute' },
  TOKENS_PER_DAY_EXCEEDED: { status: 429, title: 'Too many tokens in a day' },
  INTERNAL: { status: 500, title: 'Something went wrong on our side' },
  LEDGER_UNAVAILABLE: { status: 503, title: 'The ledger cannot be reached' },
} as const satisfies Record<string, { readonly status: number; readonly title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** A field that was refused; `path` as told in `FieldError`. */
export interface FieldError {
  /**
   * A JSON pointer into the body (`/estimate/0/model`, empty for the body as a whole), or the part
   * of the request and a name: `query/month`, `path/runId`, `header/content-type`.
   */
  readonly path: string;
  readonly message: string;
}

/** The figures that explain a problem. Amounts are texts in USD. */
export type ProblemFigures = Readonly<
  Record<string, string | number | boolean | null | undefined | readonly FieldError[]>
>;

/** An RFC 9457 document; `instance` is added when the answer is sent. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly instance?: string;
  readonly [figure: string]: unknown;
}

export interface ProblemReply extends Reply {
  readonly body: ProblemDocument;
  readonly mediaType: 'application/problem+json';
}

/**
 * A failure as an answer.
 *
 * @param detail one sentence that a user interface can show as it is; no internal names.
 * @param figures further members of the document; those that are undefined are left out.
 */
export function problem(
  code: ProblemCode,
  detail: string,
  figures: ProblemFigures = {},
  headers?: Reply['headers'],
): ProblemReply {
  const { status, title } = PROBLEMS[code];
  const type = `urn:maestro-billing:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  return {
    status,
    mediaType: 'application/problem+json',
    body: { ...figures, type, title, status, detail, code },
    ...(headers === undefined ? {} : { headers }),
  };
}

export function invalidRequest(errors: readonly FieldError[]): ProblemReply {
  const [first] = errors;
  const where = first === undefined || first.path === '' ? '' : `${first.path} `;
  const detail = `The request is not valid: ${where}${first?.message ?? 'it cannot be read'}.`;
  return problem('INVALID_REQUEST', detail, { errors });
}

/** @param retryAfterSeconds whole seconds, at least 1. */
export function ledgerUnavailable(retryAfterSeconds = 1): ProblemReply {
  return problem(
    'LEDGER_UNAVAILABLE',
    'The ledger cannot be reached just now, so nothing is allowed; try again with the same ids.',
    {},
    { 'Retry-After': String(retryAfterSeconds) },
  );
}
