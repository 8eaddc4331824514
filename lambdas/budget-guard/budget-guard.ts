// Middy is an ES module: CommonJS services may see its types in this way alone.
import type { MiddlewareObj, Request } from '@middy/core' with { 'resolution-mode': 'import' };
import type { Context } from 'aws-lambda';
import { GuardedInvocation, type InvocationDeps } from './guarded-invocation';
import { BudgetDeniedError, MaestroUnavailableError } from './maestro-errors';
import {
  type BudgetedContext,
  type BudgetGuardOptions,
  DEFAULT_ADMISSION_TIMEOUT_MS,
  DEFAULT_ATTEMPT_TIMEOUT_MS,
  DEFAULT_MARGIN_MS,
  DEFAULT_SETTLE_TIMEOUT_MS,
  type Ending,
  type InvocationBudget,
} from './options';
import { planInvocation } from './plan-invocation';
import { nodeRuntime } from './runtime';

/** Left at the end of an invocation for the function to answer, in milliseconds. */
const ANSWER_MARGIN_MS = 50;

interface Guarded {
  readonly invocation: GuardedInvocation;
  readonly disarm: () => void;
}

/** Of the context that contexts made by hand (tests, containers) may lack. */
function remainingMs(context: Context): number {
  return context.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY;
}

/** Middy gave up on the handler, which may still be running (`timeoutEarlyInMillis`). */
function isEarlyTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'TimeoutError' &&
    (error.cause as { package?: unknown } | undefined)?.package === '@middy/core'
  );
}

function budgetOf(invocation: GuardedInvocation): InvocationBudget {
  const { admission, plan } = invocation;
  return {
    runId: plan.runId,
    stepId: plan.step.stepId,
    decision: admission?.decision ?? 'unguarded',
    warnings: admission?.warnings ?? [],
    reservedUSD: admission?.reservedUSD ?? '0.00',
    budget: admission?.budget,
    report: (usage) => invocation.report(usage),
  };
}

/**
 * Middy middleware that lets a handler run only once Maestro holds money for it, and settles with
 * what the handler says it used: when it returns, throws, or runs out of time. Use it last, next
 * to the handler; see docs/budget-guard.md.
 *
 * Its `before` throws BudgetDeniedError (refused, or Maestro out of reach) unless `onDenied` answers,
 * MaestroRequestError if Maestro calls the request wrong, and TypeError if the options do not name
 * a run. After the handler it never throws.
 */
export function budgetGuard<TEvent = unknown, TResult = unknown>(
  options: BudgetGuardOptions<TEvent, TResult>,
): MiddlewareObj<TEvent, TResult, Error, BudgetedContext> {
  const { onUnavailable = 'deny', runtime = nodeRuntime, logger = console } = options;
  const marginMs = options.marginMs ?? DEFAULT_MARGIN_MS;
  const admissionTimeoutMs = options.admissionTimeoutMs ?? DEFAULT_ADMISSION_TIMEOUT_MS;
  const settleTimeoutMs = options.settleTimeoutMs ?? DEFAULT_SETTLE_TIMEOUT_MS;
  const deps: InvocationDeps = {
    client: options.client,
    runtime,
    logger,
    attemptTimeoutMs: options.requestTimeoutMs ?? DEFAULT_ATTEMPT_TIMEOUT_MS,
    chargeWithoutReport: {
      returned: options.onNoReport ?? 'charge-estimate',
      threw: options.onError ?? 'release',
      'timed-out': options.onTimeout ?? 'charge-estimate',
    },
    onSettleFailure: options.onSettleFailure,
  };
  // By request, not by context: one process may serve several invocations at a time.
  const guardedByRequest = new WeakMap<object, Guarded>();

  const settleBy = (context: Context) =>
    runtime.now() + Math.min(settleTimeoutMs, remainingMs(context) - ANSWER_MARGIN_MS);

  async function admit(invocation: GuardedInvocation, context: Context): Promise<void> {
    const timeMs = Math.min(admissionTimeoutMs, remainingMs(context) - marginMs);
    try {
      await invocation.admit(runtime.now() + timeMs, settleBy(context));
    } catch (error) {
      if (!(error instanceof MaestroUnavailableError)) throw error;
      if (onUnavailable === 'deny') throw BudgetDeniedError.becauseUnavailable(error);
      const { runId, step } = invocation.plan;
      logger.warn('budget guard: running unguarded', { runId, stepId: step.stepId, error });
    }
  }

  /** Settles in time where the handler does not end in time; never before half of what is left. */
  function arm(invocation: GuardedInvocation, context: Context): () => void {
    const leftMs = remainingMs(context);
    if (leftMs === Number.POSITIVE_INFINITY) return () => undefined;
    return runtime.after(Math.max(leftMs - marginMs, leftMs / 2), () => {
      void invocation.settle('timed-out', settleBy(context));
    });
  }

  async function settle(guarded: Guarded, ending: Ending, context: Context): Promise<void> {
    guarded.disarm();
    await guarded.invocation.settle(ending, settleBy(context));
  }

  async function readUsage(
    { invocation }: Guarded,
    request: Request<TEvent, TResult, Error, BudgetedContext>,
  ): Promise<void> {
    try {
      const { event, context, response } = request;
      const usage = await options.usage?.(response as TResult, event, context);
      if (usage !== undefined) invocation.report(usage);
    } catch (error) {
      invocation.markIncomplete();
      const { runId, step } = invocation.plan;
      logger.error('budget guard: usage could not be read from the result', {
        runId,
        stepId: step.stepId,
        error,
      });
    }
  }

  return {
    async before(request) {
      const { event, context } = request;
      const plan = await planInvocation(options, event, context, runtime);
      const invocation = new GuardedInvocation(plan, deps);
      try {
        await admit(invocation, context);
      } catch (error) {
        if (!(error instanceof BudgetDeniedError) || options.onDenied === undefined) throw error;
        // Set here, because middy takes a returned `undefined` for "go on".
        request.earlyResponse = await options.onDenied(error, event, context);
        return;
      }
      Object.assign(context, { budget: budgetOf(invocation) });
      guardedByRequest.set(request, { invocation, disarm: arm(invocation, context) });
    },

    async after(request) {
      const guarded = guardedByRequest.get(request);
      if (guarded === undefined) return;
      await readUsage(guarded, request);
      await settle(guarded, 'returned', request.context);
    },

    async onError(request) {
      const guarded = guardedByRequest.get(request);
      if (guarded === undefined) return;
      const ending = isEarlyTimeout(request.error) ? 'timed-out' : 'threw';
      await settle(guarded, ending, request.context);
    },
  };
}
