import type { PolicyStore } from '../../core/policy/policy-store';
import { writePolicy } from '../../core/policy/write-policy';
import { policyReply, versionOfEtag } from '../answers/policy';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { invalidRequest, problem, type ProblemReply } from '../http/problem';
import { tenantPath } from '../schemas/billing';
import { policyBodySchema, policyTermsFromBody } from '../schemas/policy';

/** PUT /billing/policies/{tenant} */
export function createWritePolicyHandler(
  deps: ApiDeps & { readonly policyStore: PolicyStore },
): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: tenantPath, body: policyBodySchema },
    handle: async ({ path, body, caller, header }) => {
      const choice = tenantFor(caller, path.tenant, 'path/tenant');
      if (choice.kind === 'refused') return choice.reply;
      const precondition = readPrecondition(header('if-match'), header('if-none-match'));
      if (precondition.kind === 'refused') return precondition.reply;
      const written = await writePolicy(
        { ...deps.ports, store: deps.policyStore },
        {
          tenant: choice.tenant,
          terms: policyTermsFromBody(body),
          seen: precondition.seen,
          actor: caller.subject,
        },
      );
      if (written.kind === 'stale') return stale(precondition.seen);
      return policyReply(written.kind === 'created' ? 201 : 200, written.policy);
    },
  });
}

type Precondition =
  | { readonly kind: 'seen'; readonly seen: number | 'none' }
  | { readonly kind: 'refused'; readonly reply: ProblemReply };

/** RFC 9110, sections 13.1.1 and 13.1.2. */
function readPrecondition(
  ifMatch: string | undefined,
  ifNoneMatch: string | undefined,
): Precondition {
  if (ifMatch !== undefined && ifNoneMatch !== undefined) {
    const message = 'must not be given beside If-Match';
    return refused(invalidRequest([{ path: 'header/if-none-match', message }]));
  }
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() === '*') return { kind: 'seen', seen: 'none' };
    return refused(invalidRequest([{ path: 'header/if-none-match', message: 'must be *' }]));
  }
  if (ifMatch === undefined) {
    return refused(
      problem(
        'PRECONDITION_REQUIRED',
        'Send If-None-Match: * with a first policy, and If-Match with the ETag that you have seen to change one.',
      ),
    );
  }
  const seen = versionOfEtag(ifMatch);
  return seen === undefined ? refused(stale(0)) : { kind: 'seen', seen };
}

function stale(seen: number | 'none'): ProblemReply {
  const detail =
    seen === 'none'
      ? 'The tenant has a policy already; read it and send its ETag with If-Match.'
      : 'The policy was changed in the meantime; read it again and send its new ETag.';
  return problem('PRECONDITION_FAILED', detail);
}

function refused(reply: ProblemReply): Precondition {
  return { kind: 'refused', reply };
}
