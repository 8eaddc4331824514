import { createRun, type GrantedRun } from '../../core/guard/create-run';
import { formatUsd } from '../../core/money/nano-usd';
import { budgetBody } from '../answers/budget';
import {
  hardCapHit,
  idReused,
  policyNotFound,
  priceUnknown,
  quotaRefused,
} from '../answers/refusals';
import { rateLimitHeaders } from '../answers/rate-limit';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { invalidRequest } from '../http/problem';
import { json, type Reply } from '../http/reply';
import { createRunBody, type CreateRunBody } from '../schemas/runs';

/** POST /runs */
export function createCreateRunHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { body: createRunBody },
    handle: async ({ body, caller }) => {
      const choice = tenantFor(caller, body.tenant, '/tenant');
      return choice.kind === 'refused' ? choice.reply : answer(deps, body);
    },
  });
}

async function answer(deps: ApiDeps, body: CreateRunBody): Promise<Reply> {
  const { estimatedCostUSD: estimatedCost, ...request } = body;
  const created = await createRun(deps.ports, { ...request, estimatedCost });
  switch (created.kind) {
    case 'created':
      return json(201, runBody(created.run), rateLimitHeaders(created.standings));
    case 'repeated':
      return json(200, runBody(created.run));
    case 'dry-run':
      return json(200, { ...runBody(created.run), dryRun: true });
    case 'denied':
      return hardCapHit({ ...created, pipeline: body.pipeline }, deps.consoleUrl);
    case 'id-reused':
      return idReused('run', body.runId ?? '');
    case 'policy-not-found':
      return policyNotFound();
    case 'model-not-allowed':
    case 'requests-exceeded':
    case 'tokens-exceeded':
      return quotaRefused(created);
    case 'price-unknown':
      return priceUnknown(created);
    case 'deadline-passed':
      return invalidRequest([{ path: '/deadline', message: 'must be in the future' }]);
    case 'too-large':
      return invalidRequest([
        { path: '/estimate', message: 'adds up to more than can be counted' },
      ]);
  }
}

function runBody(run: GrantedRun) {
  return {
    runId: run.runId,
    tenant: run.tenant,
    pipeline: run.pipeline,
    status: run.status,
    decision: run.decision,
    warnings: run.warnings,
    reservedUSD: formatUsd(run.reserved),
    budget: budgetBody(run.budget),
  };
}
