/** An answer before it becomes API Gateway's own form. */
export interface Reply {
  readonly status: number;
  /** Sent as JSON; undefined for an answer without a body. */
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: `application/json`. */
  readonly mediaType?: 'application/problem+json';
}

/**
 * An answer in JSON.
 *
 * @throws TypeError if a bigint is in the body: an amount that was not put down as a text in USD
 *   would otherwise only show when it is serialised, after the work was done.
 */
export function json(status: number, body: object, headers?: Reply['headers']): Reply {
  refuseBigints(body, '');
  return { status, body, ...(headers === undefined ? {} : { headers }) };
}

function refuseBigints(value: unknown, path: string): void {
  if (typeof value === 'bigint') {
    throw new TypeError(`an amount was not formatted for the answer: ${path}`);
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) refuseBigints(inner, `${path}/${key}`);
}
