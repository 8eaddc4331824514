import { recordUsage } from '../../core/guard/record-usage';
import { budgetBody } from '../answers/budget';
import { idReused, noSuchRun, policyNotFound, priceUnknown } from '../answers/refusals';
import { usageBody } from '../answers/usage';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { invalidRequest } from '../http/problem';
import { json, type Reply } from '../http/reply';
import { tenantOfRun } from '../http/run-tenant';
import { recordUsageBody, stepPath, tenantQuery, type RecordUsageBody } from '../schemas/runs';

/** POST /runs/{runId}/steps/{stepId}/usage */
export function createRecordUsageHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: stepPath, query: tenantQuery, body: recordUsageBody },
    handle: async ({ path, query, body, caller }) => {
      const choice = await tenantOfRun(deps.ports.reader, caller, query.tenant, path.runId);
      if (choice.kind === 'refused') return choice.reply;
      return answer(deps, { tenant: choice.tenant, ...path }, body);
    },
  });
}

async function answer(
  deps: ApiDeps,
  step: { readonly tenant: string; readonly runId: string; readonly stepId: string },
  body: RecordUsageBody,
): Promise<Reply> {
  const { costUSD: cost, ...request } = body;
  const recorded = await recordUsage(deps.ports, { ...request, ...step, cost });
  switch (recorded.kind) {
    case 'recorded':
    case 'repeated': {
      const status = recorded.kind === 'recorded' ? 201 : 200;
      return json(status, { ...usageBody(recorded.usage), budget: budgetBody(recorded.budget) });
    }
    case 'not-found':
      return noSuchRun();
    case 'id-reused':
      return idReused('step', step.stepId);
    case 'policy-not-found':
      return policyNotFound();
    case 'price-unknown':
      return priceUnknown(recorded);
    case 'in-the-future':
      return invalidRequest([{ path: '/occurredAt', message: 'must not be in the future' }]);
    case 'model-missing':
      return invalidRequest([
        {
          path: '/model',
          message: 'is required, for the step check named none, or costUSD in its place',
        },
      ]);
  }
}
