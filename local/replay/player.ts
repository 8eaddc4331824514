import { randomBytes } from 'node:crypto';
import type { BillingClient } from './billing-client';
import { reasonOf } from './billing-client';
import { costNanoUsd, parseNanoUsd, type RecordedRates } from './exact';
import type { HttpAnswer } from './http-caller';
import type { ReplayOptions } from './options';
import type { TraceRequest } from './trace';

/** How a replay stands; it grows while the replay goes on. */
export interface Tally {
  readonly requests: number;
  /** Requests that were let through and whose usage was booked. */
  admitted: number;
  /** Requests that were refused, alone or with their run, by the problem's code. */
  readonly denied: Map<string, number>;
  /** Requests about which no decision came, by what came instead. */
  readonly failed: Map<string, number>;
  /** The exact cost of the admitted requests, worked out here. */
  ownSumNanoUsd: bigint;
  /** Records whose cost differs from what is worked out here. */
  readonly differing: string[];
}

type Player = Pick<ReplayOptions, 'tenant' | 'model' | 'provider' | 'concurrency' | 'speed'> & {
  readonly stepsPerRun: number;
};

const PIPELINE = 'replay';
const LEAST_OUTPUT_BOUND = 256;

/** The `max_tokens` that a caller would set: it has to be a bound, not a guess. */
function outputBound({ outputTokens }: TraceRequest): number {
  return Math.max(LEAST_OUTPUT_BOUND, 2 ** Math.ceil(Math.log2(Math.max(1, outputTokens))));
}

function count(map: Map<string, number>, reason: string, times: number): void {
  map.set(reason, (map.get(reason) ?? 0) + times);
}

const isDenial = ({ status }: HttpAnswer) => status >= 400 && status < 500;

/** Plays a trace as runs of several steps each. */
export class TracePlayer {
  readonly tally: Tally;
  private readonly runs: TraceRequest[][] = [];
  /** Tells this replay's runs from those of an earlier one. */
  private readonly prefix = `replay-${randomBytes(4).toString('hex')}`;
  private nextRun = 0;
  private isStopped = false;
  private startedAt = 0;

  constructor(
    private readonly client: BillingClient,
    trace: readonly TraceRequest[],
    private readonly options: Player,
  ) {
    for (let index = 0; index < trace.length; index += options.stepsPerRun) {
      this.runs.push(trace.slice(index, index + options.stepsPerRun));
    }
    this.tally = {
      requests: trace.length,
      admitted: 0,
      denied: new Map(),
      failed: new Map(),
      ownSumNanoUsd: 0n,
      differing: [],
    };
  }

  /** Resolves when the last run is complete. */
  async play(): Promise<void> {
    this.startedAt = performance.now();
    const lanes = Math.min(this.options.concurrency, this.runs.length);
    await Promise.all(Array.from({ length: lanes }, () => this.playLane()));
  }

  /** Runs in progress are ended properly; no further one begins. */
  stop(): void {
    this.isStopped = true;
  }

  private async playLane(): Promise<void> {
    while (!this.isStopped && this.nextRun < this.runs.length) {
      const index = this.nextRun;
      this.nextRun += 1;
      await this.playRun(`${this.prefix}-${index + 1}`, this.runs[index] ?? []);
    }
  }

  private async playRun(runId: string, requests: readonly TraceRequest[]): Promise<void> {
    const { tenant, model, provider } = this.options;
    await this.waitFor(requests[0]);
    const estimate = requests.map((request) => ({
      model,
      provider,
      inputTokens: request.inputTokens,
      outputTokens: outputBound(request),
    }));
    const body = { tenant, runId, pipeline: PIPELINE, estimate };
    const opened = await this.client.perform('run check', '/runs', body);
    if (opened.status >= 300) return this.refused(opened, requests.length);
    for (const [index, request] of requests.entries()) {
      if (this.isStopped) break;
      await this.waitFor(request);
      await this.playStep(runId, `step-${index + 1}`, request);
    }
    const closed = await this.client.perform('completion', `/runs/${runId}/complete`, {
      status: 'succeeded',
    });
    if (closed.status >= 300) count(this.tally.failed, `completion ${reasonOf(closed)}`, 1);
  }

  private async playStep(runId: string, stepId: string, request: TraceRequest): Promise<void> {
    const { model, provider } = this.options;
    const estimatedTokens = { input: request.inputTokens, output: outputBound(request) };
    const checked = await this.client.perform('step check', `/runs/${runId}/steps`, {
      stepId,
      model,
      provider,
      estimatedTokens,
    });
    if (checked.status >= 300) return this.refused(checked, 1);
    const tokens = { input: request.inputTokens, output: request.outputTokens };
    const path = `/runs/${runId}/steps/${stepId}/usage`;
    const booked = await this.client.perform('usage', path, { tokens });
    if (booked.status >= 300) return count(this.tally.failed, `usage ${reasonOf(booked)}`, 1);
    this.tally.admitted += 1;
    const cost = costNanoUsd(tokens, booked.body['rates'] as RecordedRates);
    this.tally.ownSumNanoUsd += cost;
    const recorded = String(booked.body['costUSD']);
    if (parseNanoUsd(recorded) !== cost) this.tally.differing.push(`${runId} ${stepId}`);
  }

  private refused(answer: HttpAnswer, requests: number): void {
    count(isDenial(answer) ? this.tally.denied : this.tally.failed, reasonOf(answer), requests);
  }

  private async waitFor(request: TraceRequest | undefined): Promise<void> {
    if (request === undefined || !Number.isFinite(this.options.speed)) return;
    const dueAt = this.startedAt + request.offsetMs / this.options.speed;
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}
