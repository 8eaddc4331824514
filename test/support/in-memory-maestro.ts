import { formatUsd, isAmountProblem, type NanoUsd, parseUsd } from '../../core/money/nano-usd';
import type {
  BudgetFigures,
  CheckStepRequest,
  CreateRunRequest,
  RecordUsageRequest,
} from '../../index';

/** Nano-USD for one token, whatever its direction. */
export const NANO_USD_PER_TOKEN: Readonly<Record<string, NanoUsd>> = {
  'gpt-4o-mini': 150n,
  'gpt-4o': 2_500n,
};

interface Step {
  readonly content: string;
  held: NanoUsd;
  usage?: { content: string; cost: NanoUsd; request: RecordUsageRequest };
}

interface Run {
  readonly tenant: string;
  readonly pipeline: string;
  readonly content: string;
  readonly deadline: string | undefined;
  status: string;
  /** Held in the month for this run, what it has spent included. */
  limit: NanoUsd;
  readonly steps: Map<string, Step>;
}

export interface MaestroAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const problem = (status: number, code: string, figures: object = {}): MaestroAnswer => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail: `Refused: ${code}.`, ...figures },
});

function amount(text: string): NanoUsd {
  const parsed = parseUsd(text);
  if (isAmountProblem(parsed)) throw new TypeError(parsed.problem);
  return parsed;
}

const sum = (amounts: readonly NanoUsd[]) => amounts.reduce((total, one) => total + one, 0n);
const stepSpent = (step: Step) => step.usage?.cost ?? 0n;
const runSpent = (run: Run) => sum([...run.steps.values()].map(stepSpent));
const runHeld = (run: Run) => sum([...run.steps.values()].map((step) => step.held));

function price(model: string | undefined, tokens: number): NanoUsd | undefined {
  const rate = NANO_USD_PER_TOKEN[model ?? ''];
  return rate === undefined ? undefined : rate * BigInt(tokens);
}

/** The rules of the contract for one tenant-month, in memory: what a caller sees, exactly. */
export class InMemoryMaestro {
  readonly runs = new Map<string, Run>();
  mode: BudgetFigures['mode'] = 'hard-cap';
  limit: NanoUsd = amount('10');

  get spent(): NanoUsd {
    return sum([...this.runs.values()].map(runSpent));
  }

  get reserved(): NanoUsd {
    return sum(
      [...this.runs.values()].map((run) =>
        run.status === 'OPEN' ? run.limit - runSpent(run) : 0n,
      ),
    );
  }

  get spentUSD(): string {
    return formatUsd(this.spent);
  }

  get reservedUSD(): string {
    return formatUsd(this.reserved);
  }

  createRun(request: CreateRunRequest): MaestroAnswer {
    const { runId = '', tenant, pipeline, deadline } = request;
    const content = JSON.stringify(request);
    const existing = this.runs.get(runId);
    if (existing !== undefined && existing.content !== content) return problem(409, 'ID_REUSED');
    const estimates = (request.estimate ?? []).map((call) =>
      price(call.model, (call.inputTokens + call.outputTokens) * (call.count ?? 1)),
    );
    if (estimates.includes(undefined)) return problem(422, 'PRICE_UNKNOWN');
    const asked =
      request.estimatedCostUSD === undefined
        ? sum(estimates as NanoUsd[])
        : amount(request.estimatedCostUSD);
    if (existing === undefined) {
      if (!this.hasRoom(asked)) return this.hardCapHit(asked, runId);
      const run = { tenant, pipeline, content, deadline, limit: asked, status: 'OPEN' };
      this.runs.set(runId, { ...run, steps: new Map() });
    }
    return {
      status: existing === undefined ? 201 : 200,
      body: { runId, tenant, pipeline, status: 'OPEN', ...this.admission(asked) },
    };
  }

  checkStep(runId: string, request: CheckStepRequest): MaestroAnswer {
    const { stepId, model, estimatedTokens, estimatedCostUSD } = request;
    const content = JSON.stringify(request);
    const run = this.runs.get(runId);
    if (run === undefined) return problem(404, 'NOT_FOUND');
    const asked =
      estimatedCostUSD === undefined
        ? price(model, (estimatedTokens?.input ?? 0) + (estimatedTokens?.output ?? 0))
        : amount(estimatedCostUSD);
    if (asked === undefined) return problem(422, 'PRICE_UNKNOWN');
    const existing = run.steps.get(stepId);
    if (existing !== undefined && existing.content !== content) return problem(409, 'ID_REUSED');
    if (existing === undefined) {
      if (run.status !== 'OPEN') return problem(409, 'RUN_CLOSED');
      const shortfall = asked - (run.limit - runSpent(run) - runHeld(run));
      if (shortfall > 0n) {
        if (!this.hasRoom(shortfall)) return this.hardCapHit(asked, runId, stepId);
        run.limit += shortfall;
      }
      run.steps.set(stepId, { content, held: asked });
    }
    return {
      status: existing === undefined ? 201 : 200,
      body: { runId, stepId, ...this.admission(asked) },
    };
  }

  recordUsage(runId: string, stepId: string, request: RecordUsageRequest): MaestroAnswer {
    const content = JSON.stringify(request);
    const run = this.runs.get(runId);
    if (run === undefined) return problem(404, 'NOT_FOUND');
    // Money that is spent is booked, held or not.
    const step: Step = run.steps.get(stepId) ?? { content: '', held: 0n };
    if (step.usage !== undefined && step.usage.content !== content) {
      return problem(409, 'ID_REUSED');
    }
    const { tokens, costUSD, model } = request;
    const cost =
      costUSD === undefined
        ? price(model, (tokens?.input ?? 0) + (tokens?.output ?? 0))
        : amount(costUSD);
    if (cost === undefined) return problem(422, 'PRICE_UNKNOWN');
    const status = step.usage === undefined ? 201 : 200;
    if (step.usage === undefined) {
      step.usage = { content, cost, request };
      step.held = 0n;
      run.steps.set(stepId, step);
      run.limit = run.status === 'OPEN' ? max(run.limit, runSpent(run)) : runSpent(run);
    }
    const figures = { date: '2026-11-05', model: model ?? null, provider: null, tokens: null };
    const spent = { costUSD: formatUsd(cost), reservedUSD: '0.00', budget: this.figures() };
    return { status, body: { runId, stepId, ...figures, ...spent } };
  }

  completeRun(runId: string, request: { status: string }): MaestroAnswer {
    const run = this.runs.get(runId);
    if (run === undefined) return problem(404, 'NOT_FOUND');
    if (run.status === 'OPEN' && runHeld(run) > 0n) {
      return problem(409, 'STEPS_OPEN');
    }
    const released = run.limit - runSpent(run);
    run.status = request.status;
    run.limit = runSpent(run);
    const amounts = { spentUSD: formatUsd(run.limit), releasedUSD: formatUsd(released) };
    return { status: 200, body: { runId, ...request, ...amounts, budget: this.figures() } };
  }

  /** Every usage record there is, with the step it stands under. */
  usageRecords(): { runId: string; stepId: string; request: RecordUsageRequest }[] {
    return [...this.runs].flatMap(([runId, run]) =>
      [...run.steps].flatMap(([stepId, { usage }]) =>
        usage === undefined ? [] : [{ runId, stepId, request: usage.request }],
      ),
    );
  }

  private hasRoom(asked: NanoUsd): boolean {
    return this.mode === 'soft-cap' || this.spent + this.reserved + asked <= this.limit;
  }

  private admission(held: NanoUsd): Record<string, unknown> {
    const isOver = this.spent + this.reserved > this.limit;
    const warning = { code: 'BUDGET_SOFT_CAP_EXCEEDED', message: 'Over the limit.' };
    return {
      decision: isOver ? 'warn' : 'allow',
      warnings: isOver ? [warning] : [],
      reservedUSD: formatUsd(held),
      budget: this.figures(),
    };
  }

  private hardCapHit(asked: NanoUsd, runId: string, stepId: string | null = null): MaestroAnswer {
    const requestedUSD = formatUsd(asked);
    return problem(402, 'BUDGET_HARD_CAP_HIT', { ...this.figures(), requestedUSD, runId, stepId });
  }

  private figures(): BudgetFigures {
    return {
      tenant: 'acme',
      month: '2026-11',
      mode: this.mode,
      limitUSD: formatUsd(this.limit),
      spentUSD: this.spentUSD,
      reservedUSD: this.reservedUSD,
      remainingUSD: formatUsd(max(this.limit - this.spent - this.reserved, 0n)),
      resetsAt: '2026-12-01T00:00:00Z',
    };
  }
}

function max(one: NanoUsd, other: NanoUsd): NanoUsd {
  return one > other ? one : other;
}
