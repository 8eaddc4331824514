import { StartFault } from '../start-fault';
import type { HttpAnswer, HttpCall, HttpCaller, JsonBody } from './http-caller';
import type { Latencies, Operation } from './latencies';

const BASE = '/api/maestro/v1';
const CLIENT_ID = 'replay';
const SCOPE = 'maestro/run maestro/read maestro/policy';
const TRIES = 6;
const FIRST_PAUSE_MS = 50;
/** Of a token's life, after which a new one is taken. */
const RENEW_AFTER = 0.8;

export interface Money {
  readonly month: string;
  readonly spentUsd: string;
  readonly reservedUsd: string;
  readonly remainingUsd: string;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The body as JSON that may be sent; `undefined` is a call without one. */
type Body = object | undefined;

/** The calls of the interface that a replay makes, for one tenant. */
export class BillingClient {
  private token = '';
  private renewAt = 0;
  private renewal: Promise<void> | undefined;

  constructor(
    private readonly http: HttpCaller,
    private readonly tenant: string,
    private readonly latencies: Latencies,
  ) {}

  /**
   * A call of a run, repeated with the same ids while the server cannot be reached or is in
   * trouble, which the interface makes safe.
   * @throws StartFault when it never gets an answer
   */
  async perform(operation: Operation, path: string, body: Body): Promise<HttpAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const startedAt = performance.now();
      const answer = await this.attempt('POST', path, body);
      this.latencies.add(operation, performance.now() - startedAt);
      const isTrouble = answer === undefined || answer.status >= 500;
      if (!isTrouble || (answer !== undefined && attempt === TRIES)) return answer;
      if (attempt === TRIES) throw new StartFault(`The server at ${this.http.url} is gone.`);
      await pause(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  /** Makes the hard cap of the tenant `limitUsd`; quotas and rates stay as they are. */
  async setLimit(limitUsd: string): Promise<void> {
    const path = `/billing/policies/${this.tenant}`;
    const found = await this.send('GET', path, undefined);
    if (found.status !== 200 && found.status !== 404) throw refusal('The policy', found);
    const exists = found.status === 200;
    const terms = exists ? { quotas: found.body['quotas'], rates: found.body['rates'] } : {};
    const precondition: Record<string, string> = exists
      ? { 'if-match': String(found.headers['etag']) }
      : { 'if-none-match': '*' };
    const budget = { mode: 'hard-cap', limitUSD: limitUsd };
    const written = await this.send('PUT', path, { budget, ...terms }, precondition);
    if (written.status >= 300) throw refusal('The policy', written);
  }

  /** @param month `YYYY-MM`; undefined: the current one */
  async readMoney(month?: string): Promise<Money> {
    const query = month === undefined ? '' : `?month=${month}`;
    const answer = await this.send('GET', `/billing/budgets/${this.tenant}${query}`, undefined);
    if (answer.status !== 200) throw refusal('The budget', answer);
    return {
      month: String(answer.body['month']),
      spentUsd: String(answer.body['spentUSD']),
      reservedUsd: String(answer.body['reservedUSD']),
      remainingUsd: String(answer.body['remainingUSD']),
    };
  }

  private async attempt(
    method: HttpCall['method'],
    path: string,
    body: Body,
  ): Promise<HttpAnswer | undefined> {
    try {
      return await this.send(method, path, body);
    } catch (error) {
      if (error instanceof StartFault) throw error;
      return undefined;
    }
  }

  private async send(
    method: HttpCall['method'],
    path: string,
    body: Body,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    if (Date.now() >= this.renewAt) {
      this.renewal ??= this.renewToken().finally(() => (this.renewal = undefined));
      await this.renewal;
    }
    return this.http.call({
      method,
      path: `${BASE}${path}`,
      headers: {
        ...headers,
        authorization: `Bearer ${this.token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  private async renewToken(): Promise<void> {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: CLIENT_ID,
      tenant: this.tenant,
      scope: SCOPE,
    });
    const answer = await this.http.call({
      method: 'POST',
      path: '/oauth2/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    if (answer.status !== 200) throw refusal('A token', answer);
    this.token = String(answer.body['access_token']);
    this.renewAt = Date.now() + Number(answer.body['expires_in']) * 1000 * RENEW_AFTER;
  }
}

/** What the server says about why it refused. */
export function reasonOf({ status, body }: { status: number; body: JsonBody }): string {
  return String(body['code'] ?? body['error'] ?? status);
}

function refusal(what: string, answer: HttpAnswer): StartFault {
  const detail = String(answer.body['detail'] ?? answer.body['error_description'] ?? '');
  return new StartFault(`${what} was refused with ${answer.status} ${reasonOf(answer)}. ${detail}`);
}
