/** A decimal amount in USD such as `0.0125`: a text, because a float cannot carry money exactly. */
export type UsdAmount = string;

export interface TokenCounts {
  readonly input: number;
  readonly output: number;
  /** The part of `input` that the provider served from its cache. */
  readonly cachedInput?: number;
}

/** One kind of model call that a run is expected to make, `count` times. */
export interface ModelCallEstimate {
  readonly model: string;
  readonly provider?: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly count?: number;
}

export type Tags = Readonly<Record<string, string>>;

export interface BudgetFigures {
  readonly tenant: string;
  /** `YYYY-MM`, in UTC. */
  readonly month: string;
  readonly mode: 'hard-cap' | 'soft-cap';
  readonly limitUSD: UsdAmount;
  readonly spentUSD: UsdAmount;
  readonly reservedUSD: UsdAmount;
  readonly remainingUSD: UsdAmount;
  readonly resetsAt: string;
  /** When the figures were true, RFC 3339. */
  readonly asOf?: string;
}

export interface BudgetWarning {
  readonly code: string;
  readonly message: string;
}

export interface CreateRunRequest {
  readonly tenant: string;
  readonly runId?: string;
  readonly pipeline: string;
  /** One of the two estimates. */
  readonly estimatedCostUSD?: UsdAmount;
  readonly estimate?: readonly ModelCallEstimate[];
  readonly tags?: Tags;
  /** RFC 3339; from then on the run's money may be taken back. */
  readonly deadline?: string;
  readonly dryRun?: boolean;
}

export interface CheckStepRequest {
  readonly stepId: string;
  readonly model?: string;
  readonly provider?: string;
  readonly estimatedTokens?: { readonly input: number; readonly output: number };
  readonly estimatedCostUSD?: UsdAmount;
  readonly dryRun?: boolean;
}

export interface RecordUsageRequest {
  readonly tokens?: TokenCounts;
  /** Without it the tokens are priced from the model's rates. */
  readonly costUSD?: UsdAmount;
  readonly model?: string;
  readonly provider?: string;
  readonly tags?: Tags;
  readonly occurredAt?: string;
}

export interface CompleteRunRequest {
  readonly status: 'succeeded' | 'failed' | 'cancelled';
}

/** What both checks answer when money has been held. */
export interface Admission {
  readonly runId: string;
  readonly decision: 'allow' | 'warn';
  readonly warnings: readonly BudgetWarning[];
  readonly reservedUSD: UsdAmount;
  readonly budget: BudgetFigures;
}

export interface RunAdmission extends Admission {
  readonly tenant: string;
  readonly pipeline: string;
  readonly status: string;
}

export interface StepAdmission extends Admission {
  readonly stepId: string;
}

export interface RecordedUsage {
  readonly runId: string;
  readonly stepId: string;
  readonly date: string;
  readonly model: string | null;
  readonly provider: string | null;
  readonly tokens: TokenCounts | null;
  readonly costUSD: UsdAmount;
  readonly reservedUSD: UsdAmount;
  readonly budget: BudgetFigures;
}

export interface CompletedRun {
  readonly runId: string;
  readonly status: string;
  readonly spentUSD: UsdAmount;
  readonly releasedUSD: UsdAmount;
  readonly budget: BudgetFigures;
}

/** An RFC 9457 problem document; the figures that explain it stand beside the fixed members. */
export interface Problem {
  readonly type?: string;
  readonly title?: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly instance?: string;
  readonly [member: string]: unknown;
}

export interface Refusal {
  readonly kind: 'refused';
  readonly problem: Problem;
  readonly retryAfterSeconds?: number;
}

/** Maestro's word on a call: what it did, or why budget, policy or quota forbid it. */
export type Answer<T> = { readonly kind: 'accepted'; readonly body: T } | Refusal;

export interface CallOptions {
  /** Ends the call; its promise then rejects with MaestroUnavailableError. */
  readonly signal?: AbortSignal;
}

/**
 * What the guard needs of Maestro. Each method makes one attempt; every call may be repeated with
 * the same ids and content, and is then counted once.
 *
 * All of them reject with MaestroUnavailableError if no usable answer came (worth another attempt)
 * and with MaestroRequestError if Maestro will never accept the call as it stands.
 */
export interface BudgetClient {
  createRun(request: CreateRunRequest, options?: CallOptions): Promise<Answer<RunAdmission>>;
  checkStep(
    runId: string,
    request: CheckStepRequest,
    options?: CallOptions,
  ): Promise<Answer<StepAdmission>>;
  recordUsage(
    runId: string,
    stepId: string,
    request: RecordUsageRequest,
    options?: CallOptions,
  ): Promise<Answer<RecordedUsage>>;
  completeRun(
    runId: string,
    request: CompleteRunRequest,
    options?: CallOptions,
  ): Promise<Answer<CompletedRun>>;
}
