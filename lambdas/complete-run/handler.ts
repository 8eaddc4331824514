import { completeRun } from '../../core/guard/complete-run';
import { formatUsd } from '../../core/money/nano-usd';
import { budgetBody } from '../answers/budget';
import { noSuchRun } from '../answers/refusals';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { problem } from '../http/problem';
import { json } from '../http/reply';
import { tenantOfRun } from '../http/run-tenant';
import { completeRunBody, runPath, tenantQuery } from '../schemas/runs';

/** POST /runs/{runId}/complete */
export function createCompleteRunHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: runPath, query: tenantQuery, body: completeRunBody },
    handle: async ({ path, query, body, caller }) => {
      const choice = await tenantOfRun(deps.ports.reader, caller, query.tenant, path.runId);
      if (choice.kind === 'refused') return choice.reply;
      const { tenant } = choice;
      const completed = await completeRun(deps.ports, { tenant, ...path, ...body });
      switch (completed.kind) {
        case 'completed':
          return json(200, {
            runId: completed.runId,
            status: completed.status,
            spentUSD: formatUsd(completed.spent),
            releasedUSD: formatUsd(completed.released),
            budget: budgetBody(completed.budget),
          });
        case 'closed-otherwise':
          return problem('RUN_CLOSED', sentence(completed.outcome), { outcome: completed.outcome });
        case 'not-found':
          return noSuchRun();
      }
    },
  });
}

function sentence(outcome: string): string {
  return outcome === 'expired'
    ? 'The run passed its deadline and was closed; usage can still be reported.'
    : `The run was completed before, as ${outcome}.`;
}
