import { readBudget } from '../../core/guard/read-budget';
import { budgetBody } from '../answers/budget';
import { outlookBody } from '../answers/outlook';
import { policyNotFound } from '../answers/refusals';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { json } from '../http/reply';
import { quotaBody } from '../answers/rate-limit';
import { monthQuery, tenantPath } from '../schemas/billing';

/** GET /billing/budgets/{tenant} */
export function createReadBudgetHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: tenantPath, query: monthQuery },
    handle: async ({ path, query, caller }) => {
      const choice = tenantFor(caller, path.tenant, 'path/tenant');
      if (choice.kind === 'refused') return choice.reply;
      const read = await readBudget(deps.ports, { tenant: choice.tenant, month: query.month });
      if (read.kind === 'policy-not-found') return policyNotFound();
      const { thresholdsCrossed, quotas } = read.budget;
      return json(200, {
        ...budgetBody(read.budget),
        thresholdsCrossed,
        quotas: quotas.map(quotaBody),
        ...outlookBody(read.budget),
      });
    },
  });
}
