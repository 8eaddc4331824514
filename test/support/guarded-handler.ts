import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import { formatUsd } from '../../core/money/nano-usd';
import {
  type BudgetClient,
  type BudgetedContext,
  budgetGuard,
  type BudgetGuardOptions,
  clientCredentials,
  maestroClient,
  type SettleFailure,
} from '../../index';
import { InMemoryMaestroServer } from './in-memory-maestro-server';

export interface ChatEvent {
  readonly prompt: string;
}

export interface ChatResult {
  readonly text: string;
  readonly totalTokens?: number;
}

export type ChatHandler = (event: ChatEvent, context: BudgetedContext) => Promise<ChatResult>;

export interface LogLine {
  readonly level: 'warn' | 'error';
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

let invocations = 0;

/** A Lambda context with so much time left, counted down by the real clock. */
export function lambdaContext(timeLimitMs = 30_000, awsRequestId?: string): Context {
  invocations += 1;
  const endsAt = performance.now() + timeLimitMs;
  return {
    awsRequestId: awsRequestId ?? `req-${invocations}`,
    functionName: 'chat',
    getRemainingTimeInMillis: () => Math.ceil(endsAt - performance.now()),
  } as Context;
}

/** A Maestro on loopback and what a service needs to wrap handlers with it. */
export class GuardBench {
  readonly server = new InMemoryMaestroServer();
  readonly log: LogLine[] = [];
  readonly failures: SettleFailure[] = [];
  readonly logger = {
    warn: (message: string, fields: Record<string, unknown>) =>
      void this.log.push({ level: 'warn', message, fields }),
    error: (message: string, fields: Record<string, unknown>) =>
      void this.log.push({ level: 'error', message, fields }),
  };

  get maestro() {
    return this.server.maestro;
  }

  async start(): Promise<this> {
    await this.server.start();
    return this;
  }

  client(): BudgetClient {
    return maestroClient({
      baseUrl: this.server.url,
      token: clientCredentials({
        tokenUrl: `${this.server.url}/oauth2/token`,
        clientId: 'chat-service',
        clientSecret: 'not-much-of-a-secret',
        scope: 'maestro/run',
      }),
    });
  }

  /** Opens a run as an orchestrator would. */
  openRun(runId = 'run-1', estimatedCostUSD = '1'): string {
    const request = { runId, tenant: 'acme', pipeline: 'chat', estimatedCostUSD };
    const { status } = this.maestro.createRun(request);
    if (status !== 201) throw new Error(`the run was not opened: ${status}`);
    return runId;
  }

  options<TEvent = ChatEvent, TResult = ChatResult>(
    extra: Partial<BudgetGuardOptions<TEvent, TResult>> = {},
  ): BudgetGuardOptions<TEvent, TResult> {
    return {
      client: this.client(),
      runId: 'run-1',
      step: { estimatedCostUSD: '0.50', model: 'gpt-4o-mini' },
      logger: this.logger,
      onSettleFailure: (failure) => void this.failures.push(failure),
      ...extra,
    };
  }

  wrap(handler: ChatHandler, extra: Partial<BudgetGuardOptions<ChatEvent, ChatResult>> = {}) {
    const guarded = middy<ChatEvent, ChatResult, Error, BudgetedContext>(handler);
    guarded.use(budgetGuard(this.options(extra)));
    return (context: Context = lambdaContext()) =>
      guarded({ prompt: 'hello' }, context as BudgetedContext) as Promise<ChatResult>;
  }

  /** What is booked and what is still held: the two figures that every test comes down to. */
  figures(): { spentUSD: string; heldUSD: string } {
    const { spentUSD } = this.maestro;
    const steps = [...this.maestro.runs.values()].flatMap((run) => [...run.steps.values()]);
    const held = steps.reduce((total, step) => total + step.held, 0n);
    return { spentUSD, heldUSD: formatUsd(held) };
  }
}
