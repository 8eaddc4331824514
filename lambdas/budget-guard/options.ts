import type { Context } from 'aws-lambda';
import type {
  BudgetClient,
  BudgetFigures,
  BudgetWarning,
  CheckStepRequest,
  CreateRunRequest,
  RecordUsageRequest,
  UsdAmount,
} from './budget-client';
import type { BudgetDeniedError } from './maestro-errors';
import type { Runtime } from './runtime';
import type { UsageReport } from './usage-tally';

/** What a handler finds at `context.budget`. */
export interface InvocationBudget {
  readonly runId: string;
  readonly stepId: string;
  /** `unguarded`: Maestro was out of reach and `onUnavailable: 'allow'` let the handler run. */
  readonly decision: 'allow' | 'warn' | 'unguarded';
  readonly warnings: readonly BudgetWarning[];
  /** What is held for this invocation. `0.00` if unguarded. */
  readonly reservedUSD: UsdAmount;
  /** The tenant's month at the time of the check; undefined if unguarded. */
  readonly budget: BudgetFigures | undefined;
  /**
   * Says what was used; call it as soon as a provider has answered. Several reports add up.
   *
   * @throws UsageReportError if the report is malformed or cannot be added to the earlier ones.
   */
  report(usage: UsageReport): void;
}

export type BudgetedContext = Context & { readonly budget: InvocationBudget };

/** A value, or a function that takes it from the invocation. */
export type FromInvocation<TEvent, T> = T | ((event: TEvent, context: Context) => T | Promise<T>);

/** The step to hold money for: tokens of a model, or an amount. */
export type StepPlan = Omit<CheckStepRequest, 'stepId' | 'dryRun'> & {
  /** Left out: one of its own for each invocation. Only give one that no other spending shares. */
  readonly stepId?: string;
};

/** A run to open for this invocation alone. Its estimate is the step's, unless given. */
export type RunPlan = Omit<CreateRunRequest, 'dryRun'>;

export type ChargePolicy = 'release' | 'charge-estimate';

/** How the handler came to its end. */
export type Ending = 'returned' | 'threw' | 'timed-out';

/** Something that Maestro was not told; everything needed to tell it later. */
export interface SettleFailure {
  readonly what:
    | 'usage-not-booked'
    | 'usage-booked-at-estimate'
    | 'report-after-settlement'
    | 'run-not-completed';
  readonly runId: string;
  readonly stepId: string;
  readonly ending: Ending | undefined;
  /** What should have been booked; undefined for a run that was not completed. */
  readonly usage: RecordUsageRequest | UsageReport | undefined;
  readonly error: unknown;
}

/** Fits the Powertools logger and `console`. */
export interface GuardLogger {
  warn(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
}

export interface BudgetGuardOptions<TEvent = unknown, TResult = unknown> {
  readonly client: BudgetClient;
  /** What to hold money for. */
  readonly step: FromInvocation<TEvent, StepPlan>;
  /** The run that the step belongs to; undefined or left out: a run is opened by `openRun`. */
  readonly runId?: FromInvocation<TEvent, string | undefined>;
  readonly openRun?: FromInvocation<TEvent, RunPlan>;
  /**
   * What the handler used, read from its result; adds to what it reported itself. Undefined says
   * nothing; say `{ costUSD: '0' }` for nothing spent.
   */
  readonly usage?: (
    response: TResult,
    event: TEvent,
    context: BudgetedContext,
  ) => UsageReport | undefined | Promise<UsageReport | undefined>;
  /** Answers in the handler's place when no money could be held; left out: the error is thrown. */
  readonly onDenied?: (
    denied: BudgetDeniedError,
    event: TEvent,
    context: Context,
  ) => TResult | Promise<TResult>;
  /** Maestro out of reach before the handler: `deny` (default), or run it unguarded. */
  readonly onUnavailable?: 'deny' | 'allow';
  /** The handler returned and reported nothing: `charge-estimate` by default. */
  readonly onNoReport?: ChargePolicy;
  /** The handler threw and had reported nothing: `release` by default. */
  readonly onError?: ChargePolicy;
  /** Time ran out and nothing had been reported: `charge-estimate` by default. */
  readonly onTimeout?: ChargePolicy;
  /** Told of whatever could not be booked; may store it to be booked later. */
  readonly onSettleFailure?: (failure: SettleFailure) => void | Promise<void>;
  /** How long before Lambda's own deadline the guard settles, in milliseconds; 1500. */
  readonly marginMs?: number;
  /** Time for all attempts to hold money, in milliseconds; 5000. */
  readonly admissionTimeoutMs?: number;
  /** Time for all attempts to settle, in milliseconds; 5000. */
  readonly settleTimeoutMs?: number;
  /** Time for a single request, in milliseconds; 2000. */
  readonly requestTimeoutMs?: number;
  /** `console` if left out. */
  readonly logger?: GuardLogger;
  /** Clock, randomness and timers; the system's if left out. */
  readonly runtime?: Runtime;
}

export const DEFAULT_MARGIN_MS = 1_500;
export const DEFAULT_ADMISSION_TIMEOUT_MS = 5_000;
export const DEFAULT_SETTLE_TIMEOUT_MS = 5_000;
export const DEFAULT_ATTEMPT_TIMEOUT_MS = 2_000;
