import { formatUsd, isAmountProblem, parseUsd } from '../../core/money/nano-usd';
import type {
  Answer,
  BudgetClient,
  CallOptions,
  RecordUsageRequest,
  StepAdmission,
  UsdAmount,
} from './budget-client';
import { BudgetDeniedError, MaestroUnavailableError } from './maestro-errors';
import type { ChargePolicy, Ending, GuardLogger, SettleFailure } from './options';
import type { InvocationPlan } from './plan-invocation';
import { repeatUntilAnswered } from './repeat-until-answered';
import type { Runtime } from './runtime';
import { type UsageReport, UsageTally } from './usage-tally';

export interface InvocationDeps {
  readonly client: BudgetClient;
  readonly runtime: Runtime;
  readonly logger: GuardLogger;
  readonly attemptTimeoutMs: number;
  readonly chargeWithoutReport: Readonly<Record<Ending, ChargePolicy>>;
  readonly onSettleFailure: ((failure: SettleFailure) => void | Promise<void>) | undefined;
}

const NOTHING: UsdAmount = '0';

/** One invocation's money: held once, reported any number of times, settled once. */
export class GuardedInvocation {
  /** What Maestro answered to the check; undefined as long as nothing is known to be held. */
  admission: StepAdmission | undefined;
  private settlement: Promise<void> | undefined;
  private ending: Ending | undefined;
  private readonly tally: UsageTally;

  constructor(
    readonly plan: InvocationPlan,
    private readonly deps: InvocationDeps,
  ) {
    this.tally = new UsageTally(plan.step);
  }

  /**
   * Holds the money: opens the run where the plan has one, then checks the step.
   *
   * @throws BudgetDeniedError if refused, MaestroUnavailableError if no answer came by the deadline,
   *   MaestroRequestError if the request is wrong. A run opened on the way is given up again.
   */
  async admit(deadlineMs: number, abandonDeadlineMs: number): Promise<StepAdmission> {
    const { client } = this.deps;
    const { runId, step, newRun } = this.plan;
    if (newRun !== undefined) {
      accepted(await this.repeat((call) => client.createRun(newRun, call), deadlineMs));
    }
    try {
      const answer = await this.repeat((call) => client.checkStep(runId, step, call), deadlineMs);
      this.admission = accepted(answer);
      return this.admission;
    } catch (error) {
      // Unreachable: nothing can be given back now, and the run's deadline does it.
      if (newRun !== undefined && !(error instanceof MaestroUnavailableError)) {
        await this.completeRun('cancelled', abandonDeadlineMs);
      }
      throw error;
    }
  }

  /** @throws UsageReportError if the report cannot be added up. */
  report(usage: UsageReport): void {
    if (this.settlement === undefined) {
      this.tally.add(usage);
      return;
    }
    // Nobody waits for this any more: the handler ran on after its time, or forgot an await.
    const error = new Error('usage was reported after the step had been settled');
    void this.fail({ what: 'report-after-settlement', usage, error });
  }

  /** For usage that is known to have happened and cannot be put into figures. */
  markIncomplete(): void {
    this.tally.markIncomplete();
  }

  /** Tells Maestro what was used; the first ending counts, later calls wait for it. Never rejects. */
  settle(ending: Ending, deadlineMs: number): Promise<void> {
    this.settlement ??= this.settleOnce(ending, deadlineMs);
    return this.settlement;
  }

  private async settleOnce(ending: Ending, deadlineMs: number): Promise<void> {
    this.ending = ending;
    let usage: RecordUsageRequest = this.tally.total();
    try {
      const reservedUSD = await this.heldUSD(ending, deadlineMs);
      usage = this.amountDue(ending, reservedUSD);
      await this.book(usage, reservedUSD, deadlineMs);
    } catch (error) {
      await this.fail({ what: 'usage-not-booked', usage, error });
      return;
    }
    if (this.plan.newRun !== undefined) {
      await this.completeRun(ending === 'returned' ? 'succeeded' : 'failed', deadlineMs);
    }
  }

  /**
   * What is held for the step. An invocation that ran unguarded asks only now, under the same ids,
   * so that a check whose answer was lost is found again. A step refused now has spent its money
   * all the same, and Maestro books that without a hold.
   */
  private async heldUSD(ending: Ending, deadlineMs: number): Promise<UsdAmount> {
    if (this.admission !== undefined) return this.admission.reservedUSD;
    const { client } = this.deps;
    const { runId, step, newRun } = this.plan;
    if (newRun !== undefined) {
      accepted(await this.repeat((call) => client.createRun(newRun, call), deadlineMs));
    }
    const answer = await this.repeat((call) => client.checkStep(runId, step, call), deadlineMs);
    if (answer.kind === 'accepted') return answer.body.reservedUSD;
    if (step.estimatedCostUSD === undefined && this.isChargedEstimate(ending)) accepted(answer);
    return step.estimatedCostUSD ?? NOTHING;
  }

  private isChargedEstimate(ending: Ending): boolean {
    return this.tally.isEmpty && this.deps.chargeWithoutReport[ending] === 'charge-estimate';
  }

  private amountDue(ending: Ending, reservedUSD: UsdAmount): RecordUsageRequest {
    const reported = this.tally.total();
    if (this.isChargedEstimate(ending)) return { ...reported, costUSD: reservedUSD };
    if (this.tally.isEmpty) return { ...reported, costUSD: NOTHING };
    if (!this.tally.isIncomplete) return reported;
    return { ...reported, costUSD: larger(reported.costUSD ?? NOTHING, reservedUSD) };
  }

  private async book(
    usage: RecordUsageRequest,
    reservedUSD: UsdAmount,
    deadlineMs: number,
  ): Promise<void> {
    const { client } = this.deps;
    const { runId, step } = this.plan;
    const record = (body: RecordUsageRequest) =>
      this.repeat((call) => client.recordUsage(runId, step.stepId, body, call), deadlineMs);
    const answer = await record(usage);
    if (answer.kind === 'refused' && usage.costUSD === undefined) {
      // Tokens of a model without a price were used all the same: the estimate stands for them.
      const error = new BudgetDeniedError(answer);
      accepted(await record({ ...usage, costUSD: reservedUSD }));
      await this.fail({ what: 'usage-booked-at-estimate', usage, error });
      return;
    }
    accepted(answer);
  }

  private async completeRun(
    status: 'succeeded' | 'failed' | 'cancelled',
    deadlineMs: number,
  ): Promise<void> {
    const { client } = this.deps;
    try {
      const complete = (call: CallOptions) => client.completeRun(this.plan.runId, { status }, call);
      accepted(await this.repeat(complete, deadlineMs));
    } catch (error) {
      await this.fail({ what: 'run-not-completed', usage: undefined, error });
    }
  }

  private repeat<T>(call: (options: CallOptions) => Promise<T>, deadlineMs: number): Promise<T> {
    const { runtime, attemptTimeoutMs } = this.deps;
    const limits = { deadlineMs, attemptTimeoutMs };
    return repeatUntilAnswered((signal) => call({ signal }), limits, runtime);
  }

  private async fail(failure: Pick<SettleFailure, 'what' | 'usage' | 'error'>): Promise<void> {
    const { logger, onSettleFailure } = this.deps;
    const { runId, step } = this.plan;
    const full: SettleFailure = { ...failure, runId, stepId: step.stepId, ending: this.ending };
    logger.error(`budget guard: ${full.what.replaceAll('-', ' ')}`, { ...full });
    try {
      await onSettleFailure?.(full);
    } catch (error) {
      logger.error('budget guard: onSettleFailure threw', { runId, stepId: step.stepId, error });
    }
  }
}

function accepted<T>(answer: Answer<T>): T {
  if (answer.kind === 'refused') throw new BudgetDeniedError(answer);
  return answer.body;
}

function larger(one: UsdAmount, other: UsdAmount): UsdAmount {
  const [a, b] = [parseUsd(one), parseUsd(other)];
  if (isAmountProblem(a) || isAmountProblem(b)) {
    throw new TypeError('amounts are checked when they arrive');
  }
  return formatUsd(a > b ? a : b);
}
