import { checkStep, type GrantedStep } from '../../core/guard/check-step';
import { formatUsd } from '../../core/money/nano-usd';
import { budgetBody } from '../answers/budget';
import {
  hardCapHit,
  idReused,
  noSuchRun,
  policyNotFound,
  priceUnknown,
  quotaRefused,
  runClosed,
} from '../answers/refusals';
import { rateLimitHeaders } from '../answers/rate-limit';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { invalidRequest } from '../http/problem';
import { json, type Reply } from '../http/reply';
import { tenantOfRun } from '../http/run-tenant';
import { checkStepBody, runPath, tenantQuery, type CheckStepBody } from '../schemas/runs';

/** POST /runs/{runId}/steps */
export function createCheckStepHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: runPath, query: tenantQuery, body: checkStepBody },
    handle: async ({ path, query, body, caller }) => {
      const choice = await tenantOfRun(deps.ports.reader, caller, query.tenant, path.runId);
      if (choice.kind === 'refused') return choice.reply;
      return answer(deps, choice.tenant, path.runId, body);
    },
  });
}

async function answer(
  deps: ApiDeps,
  tenant: string,
  runId: string,
  body: CheckStepBody,
): Promise<Reply> {
  const { estimatedCostUSD: estimatedCost, estimatedTokens: tokens, ...request } = body;
  const checked = await checkStep(deps.ports, { ...request, tenant, runId, estimatedCost, tokens });
  switch (checked.kind) {
    case 'granted':
      return json(201, stepBody(checked.step), rateLimitHeaders(checked.standings ?? []));
    case 'repeated':
      return json(200, stepBody(checked.step));
    case 'dry-run':
      return json(200, { ...stepBody(checked.step), dryRun: true });
    case 'denied':
      return hardCapHit({ ...checked, runId, stepId: body.stepId }, deps.consoleUrl);
    case 'run-closed':
      return runClosed();
    case 'id-reused':
      return idReused('step', body.stepId);
    case 'not-found':
      return noSuchRun();
    case 'policy-not-found':
      return policyNotFound();
    case 'model-not-allowed':
    case 'requests-exceeded':
    case 'tokens-exceeded':
      return quotaRefused(checked, {
        stepId: body.stepId,
        provider: body.provider,
        tokens: tokens === undefined ? undefined : tokens.input + tokens.output,
      });
    case 'price-unknown':
      return priceUnknown(checked);
    case 'too-large':
      return invalidRequest([
        { path: '/estimatedTokens', message: 'cost more than can be counted' },
      ]);
  }
}

function stepBody(step: GrantedStep) {
  return {
    runId: step.runId,
    stepId: step.stepId,
    decision: step.decision,
    warnings: step.warnings,
    reservedUSD: formatUsd(step.reserved),
    budget: budgetBody(step.budget),
  };
}
