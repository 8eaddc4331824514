import type { APIGatewayProxyEventV2WithJWTAuthorizer } from 'aws-lambda';
import type { HttpRoute } from '../../core/contract/functions';
import { isId } from '../../core/contract/ids';
import { invalidRequest, problem, type ProblemReply } from './problem';

/** The claim's value for a platform service that acts for every tenant. */
export const ALL_TENANTS = '*';

export interface Caller {
  /** The token's `sub`: who acts. */
  readonly subject: string;
  /** The only tenant that the caller sees, or `*`. */
  readonly tenant: string;
  readonly scopes: readonly string[];
}

export type CallerCheck =
  | { readonly kind: 'caller'; readonly caller: Caller }
  | { readonly kind: 'refused'; readonly reply: ProblemReply };

type Authorizer = APIGatewayProxyEventV2WithJWTAuthorizer['requestContext']['authorizer'];

const MAX_SUBJECT_CHARACTERS = 256;

/** Reads the claims that API Gateway verified, and compares the scopes with the route's. */
export function readCaller(
  authorizer: Partial<Authorizer> | undefined,
  scopesOfRoute: HttpRoute['scopes'],
  tenantClaim: string,
): CallerCheck {
  const claims = authorizer?.jwt?.claims;
  if (claims === undefined) {
    return refused(problem('UNAUTHENTICATED', 'An access token is needed for this call.'));
  }
  const scopes = tokenScopes(claims['scope'], authorizer?.jwt?.scopes);
  if (scopesOfRoute.length > 0 && !scopesOfRoute.some((scope) => scopes.includes(scope))) {
    const needed = scopesOfRoute.join(' or ');
    return refused(problem('FORBIDDEN', `This call needs the scope ${needed}.`));
  }
  const subject = claims['sub'];
  if (typeof subject !== 'string' || subject === '' || subject.length > MAX_SUBJECT_CHARACTERS) {
    return refused(problem('FORBIDDEN', 'The access token does not say who is calling.'));
  }
  const tenant = Object.hasOwn(claims, tenantClaim) ? claims[tenantClaim] : undefined;
  if (typeof tenant !== 'string' || !(tenant === ALL_TENANTS || isId(tenant))) {
    return refused(problem('FORBIDDEN', 'The access token does not say which tenant it is for.'));
  }
  return { kind: 'caller', caller: { subject, tenant, scopes } };
}

export type TenantChoice =
  | { readonly kind: 'tenant'; readonly tenant: string }
  | { readonly kind: 'refused'; readonly reply: ProblemReply };

/**
 * The tenant that a call is about. A caller of one tenant may leave it out but name no other; a
 * caller for all tenants has to name one.
 *
 * @param named what the body, path or query says, checked by its schema.
 * @param path where the name is missing, as in `FieldError`.
 */
export function tenantFor(caller: Caller, named: string | undefined, path: string): TenantChoice {
  if (caller.tenant === ALL_TENANTS) {
    if (named !== undefined) return { kind: 'tenant', tenant: named };
    return refused(invalidRequest([{ path, message: 'is required for a caller of all tenants' }]));
  }
  if (named === undefined || named === caller.tenant) {
    return { kind: 'tenant', tenant: caller.tenant };
  }
  return refused(problem('FORBIDDEN', 'The access token is for another tenant.'));
}

function refused(reply: ProblemReply): { readonly kind: 'refused'; readonly reply: ProblemReply } {
  return { kind: 'refused', reply };
}

/**
 * The token's own claim comes first: what API Gateway puts beside it can be the route's scopes,
 * and a route may name several where any one of them is enough.
 */
function tokenScopes(claim: unknown, listed: unknown): readonly string[] {
  if (typeof claim === 'string') return claim.split(/\s+/).filter((scope) => scope !== '');
  if (!Array.isArray(listed)) return [];
  return listed.filter((scope): scope is string => typeof scope === 'string');
}
