import type { PolicyStore } from '../../core/policy/policy-store';
import { policyReply } from '../answers/policy';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { problem } from '../http/problem';
import { tenantPath } from '../schemas/billing';

/** GET /billing/policies/{tenant} */
export function createReadPolicyHandler(
  deps: Omit<ApiDeps, 'ports'> & { readonly policyStore: PolicyStore },
): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: tenantPath },
    handle: async ({ path, caller }) => {
      const choice = tenantFor(caller, path.tenant, 'path/tenant');
      if (choice.kind === 'refused') return choice.reply;
      const policy = await deps.policyStore.read(choice.tenant);
      if (policy !== undefined) return policyReply(200, policy);
      return problem('NOT_FOUND', 'The tenant has no policy of its own yet.');
    },
  });
}
