import type { Context } from 'aws-lambda';
import type { CheckStepRequest, CreateRunRequest } from './budget-client';
import type { BudgetGuardOptions, FromInvocation, RunPlan, StepPlan } from './options';
import type { Runtime } from './runtime';

/** The ids and amounts of one invocation, fixed before the first call so that every repetition of
 * a call is the same call. */
export interface InvocationPlan {
  readonly runId: string;
  readonly step: CheckStepRequest;
  /** The run to open first; undefined if the caller opened one. */
  readonly newRun: CreateRunRequest | undefined;
}

const ATTEMPT_SUFFIX_LENGTH = 8;
const MAX_REQUEST_ID_LENGTH = 64 - 1 - ATTEMPT_SUFFIX_LENGTH;
const BASE36 = 36;
/** Lambda's longest run, for contexts that do not tell how much time is left. */
const LONGEST_INVOCATION_MS = 15 * 60_000;
/** How long after the invocation's own end its run may be swept. */
const RUN_DEADLINE_SLACK_MS = 60_000;

/**
 * Names one attempt. Lambda repeats a failed asynchronous event under the same request id, and
 * what the second attempt spends comes on top of what the first one did: under one step id the
 * ledger would count the two as one.
 */
function attemptId(context: Context, runtime: Runtime): string {
  const requestId = (context.awsRequestId ?? 'invocation')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, MAX_REQUEST_ID_LENGTH);
  const digits = Array.from({ length: ATTEMPT_SUFFIX_LENGTH }, () =>
    Math.floor(runtime.random() * BASE36).toString(BASE36),
  );
  return `${requestId}.${digits.join('')}`;
}

async function fromInvocation<TEvent, T extends object | string | undefined>(
  source: FromInvocation<TEvent, T>,
  event: TEvent,
  context: Context,
): Promise<T> {
  return typeof source === 'function' ? source(event, context) : source;
}

function runEstimate(run: RunPlan, step: StepPlan): Partial<CreateRunRequest> {
  if (run.estimatedCostUSD !== undefined || run.estimate !== undefined) return {};
  if (step.estimatedCostUSD !== undefined) return { estimatedCostUSD: step.estimatedCostUSD };
  const { model, provider, estimatedTokens } = step;
  if (model === undefined || estimatedTokens === undefined) {
    throw new TypeError('budgetGuard: step needs estimatedCostUSD, or model and estimatedTokens');
  }
  const { input, output } = estimatedTokens;
  return {
    estimate: [
      {
        model,
        ...(provider === undefined ? {} : { provider }),
        inputTokens: input,
        outputTokens: output,
      },
    ],
  };
}

/**
 * Works out what to ask of Maestro for this invocation.
 *
 * @throws TypeError if the options name no run, or the step no estimate to open a run with.
 */
export async function planInvocation<TEvent, TResult>(
  options: BudgetGuardOptions<TEvent, TResult>,
  event: TEvent,
  context: Context,
  runtime: Runtime,
): Promise<InvocationPlan> {
  const id = attemptId(context, runtime);
  const { stepId = id, ...stepPlan } = await fromInvocation(options.step, event, context);
  const step = { stepId, ...stepPlan };
  const runId =
    options.runId === undefined ? undefined : await fromInvocation(options.runId, event, context);
  if (runId !== undefined) return { runId, step, newRun: undefined };
  if (options.openRun === undefined) {
    throw new TypeError('budgetGuard: no runId for this invocation, and openRun is not given');
  }
  const run = await fromInvocation(options.openRun, event, context);
  const leftMs = context.getRemainingTimeInMillis?.() ?? LONGEST_INVOCATION_MS;
  const newRun = {
    deadline: new Date(runtime.now() + leftMs + RUN_DEADLINE_SLACK_MS).toISOString(),
    ...run,
    runId: run.runId ?? id,
    ...runEstimate(run, stepPlan),
  };
  return { runId: newRun.runId, step, newRun };
}
