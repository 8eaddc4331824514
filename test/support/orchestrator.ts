import { setTimeout as pause } from 'node:timers/promises';
import { API, callServer, putHardCap, tokenFor, type ApiAnswer } from './local-cloud';

/** A budget as answers show it; amounts are decimal texts in USD. */
export interface Budget {
  readonly limitUSD: string;
  readonly spentUSD: string;
  readonly reservedUSD: string;
  readonly remainingUSD: string;
}

/** A usage record as the listing shows it. */
export interface UsageItem {
  readonly runId: string;
  readonly stepId: string;
  readonly date: string;
  readonly costUSD: string;
  readonly tokens: {
    readonly input: number;
    readonly output: number;
    readonly cachedInput: number;
  };
  readonly rates: Readonly<Record<string, unknown>>;
}

/** A call that is told to come again is made again, this often at most. */
const MOST_REPEATS = 20;
const SECOND_MS = 1_000;

/**
 * Calls the API as an orchestrator of one tenant does: what cannot be answered for the moment (503)
 * is said again with the same ids.
 */
export class Orchestrator {
  /** How often it was told to come again. */
  unavailable = 0;

  private constructor(
    private readonly url: string,
    private readonly token: string,
    readonly tenant: string,
  ) {}

  static async of(url: string, tenant: string): Promise<Orchestrator> {
    return new Orchestrator(url, await tokenFor(url, { tenant }), tenant);
  }

  /** With a tenant that has a hard cap of so much; it must not have a policy yet. */
  static async withHardCap(url: string, tenant: string, limitUSD: string): Promise<Orchestrator> {
    const orchestrator = await Orchestrator.of(url, tenant);
    await putHardCap(url, orchestrator.token, tenant, limitUSD);
    return orchestrator;
  }

  async call(method: string, path: string, body?: object): Promise<ApiAnswer> {
    const { token } = this;
    for (let repeat = 0; ; repeat += 1) {
      const call = { token, ...(body && { body }) };
      const answer = await callServer(this.url, method, `${API}${path}`, call);
      if (answer.status !== 503 || repeat === MOST_REPEATS) return answer;
      this.unavailable += 1;
      await pause(Number(answer.headers.get('retry-after')) * SECOND_MS);
    }
  }

  openRun(runId: string, more: object): Promise<ApiAnswer> {
    const { tenant } = this;
    return this.call('POST', '/runs', { tenant, runId, pipeline: 'acceptance', ...more });
  }

  checkStep(runId: string, stepId: string, more: object): Promise<ApiAnswer> {
    return this.call('POST', `/runs/${runId}/steps`, { stepId, ...more });
  }

  report(runId: string, stepId: string, usage: object): Promise<ApiAnswer> {
    return this.call('POST', `/runs/${runId}/steps/${stepId}/usage`, usage);
  }

  complete(runId: string, status = 'succeeded'): Promise<ApiAnswer> {
    return this.call('POST', `/runs/${runId}/complete`, { status });
  }

  async budget(): Promise<Budget> {
    const { body } = await this.call('GET', `/billing/budgets/${this.tenant}`);
    return body as unknown as Budget;
  }

  /** Every usage record of the month, read page by page. */
  async usage(): Promise<readonly UsageItem[]> {
    const items: UsageItem[] = [];
    let cursor: string | undefined;
    do {
      const query = new URLSearchParams({ tenant: this.tenant, ...(cursor && { cursor }) });
      const { body } = await this.call('GET', `/billing/usage?${query}`);
      items.push(...(body['items'] as UsageItem[]));
      cursor = body['nextCursor'] as string | undefined;
    } while (cursor !== undefined);
    return items;
  }

  /** Runs the sweeper now and waits until it is done. */
  async sweep(): Promise<void> {
    const { status, body } = await callServer(this.url, 'POST', '/__local/sweep');
    if (status === 200 && String(body['failed']) === '') return;
    throw new Error(`the sweep failed: ${status} ${JSON.stringify(body)}`);
  }
}

/** How many answers there are of each status. */
export function statusesOf(answers: readonly ApiAnswer[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Nano-USD of an amount in an answer, worked out apart from the product's own code. */
export function nano(amount: unknown): bigint {
  const match = /^(-?)(\d+)\.(\d{2,9})$/.exec(String(amount));
  if (match === null) throw new Error(`not an amount: ${String(amount)}`);
  const [, sign = '', whole = '', decimals = ''] = match;
  return BigInt(`${sign}${whole}${decimals.padEnd(9, '0')}`);
}
