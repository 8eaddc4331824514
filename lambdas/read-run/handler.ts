import { readRun, type OpenStep, type RunRead } from '../../core/guard/read-run';
import { formatUsd } from '../../core/money/nano-usd';
import { budgetBody } from '../answers/budget';
import { noSuchRun } from '../answers/refusals';
import { usageBody } from '../answers/usage';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { json } from '../http/reply';
import { tenantOfRun } from '../http/run-tenant';
import { runPath, tenantQuery } from '../schemas/runs';

/** GET /runs/{runId} */
export function createReadRunHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: runPath, query: tenantQuery },
    handle: async ({ path, query, caller }) => {
      const choice = await tenantOfRun(deps.ports.reader, caller, query.tenant, path.runId);
      if (choice.kind === 'refused') return choice.reply;
      const read = await readRun(deps.ports, { tenant: choice.tenant, runId: path.runId });
      return read.kind === 'not-found' ? noSuchRun() : json(200, runBody(read));
    },
  });
}

function runBody(run: RunRead) {
  const { facts } = run;
  return {
    runId: facts.runId,
    tenant: run.tenant,
    pipeline: facts.pipeline,
    status: run.status,
    outcome: facts.outcome ?? null,
    decision: facts.judgement.decision,
    warnings: facts.judgement.warnings,
    tags: facts.tags,
    openedAt: facts.openedAt,
    deadline: new Date(facts.deadlineMs).toISOString(),
    completedAt: facts.completedAt ?? null,
    estimatedUSD: formatUsd(facts.reserved),
    spentUSD: formatUsd(run.spent),
    reservedUSD: formatUsd(run.reserved),
    steps: [...run.usage.map((usage) => usedStep(usage)), ...run.openSteps.map(openStep)],
    budget: budgetBody(run.budget),
  };
}

function usedStep(usage: RunRead['usage'][number]) {
  return {
    stepId: usage.stepId,
    status: 'USED',
    reservedUSD: formatUsd(usage.reserved),
    estimatedTokens: usage.estimatedTokens ?? null,
    usage: usageBody(usage),
  };
}

function openStep(step: OpenStep) {
  const { model, provider, inputTokens, outputTokens } = step.note ?? {};
  const hasTokens = inputTokens !== undefined && outputTokens !== undefined;
  return {
    stepId: step.stepId,
    status: 'RESERVED',
    reservedUSD: formatUsd(step.reserved),
    checkedAt: step.checkedAt,
    model: model ?? null,
    provider: provider ?? null,
    estimatedTokens: hasTokens ? { input: inputTokens, output: outputTokens } : null,
    usage: null,
  };
}
