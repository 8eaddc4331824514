import type { PreTokenGenerationV3TriggerEvent } from 'aws-lambda';
import { isId } from '../../core/contract/ids';
import { ALL_TENANTS } from '../http/caller';
import type { Logger } from '../observability/logger';
import type { TenantOfClient } from './client-tenants';

export interface TokenClaimsDependencies {
  readonly tenantOf: TenantOfClient;
  /** Name of the claim that is added. */
  readonly tenantClaim: string;
  readonly logger: Logger;
}

export type TokenClaimsHandler = (
  event: PreTokenGenerationV3TriggerEvent,
) => Promise<PreTokenGenerationV3TriggerEvent>;

/**
 * Adds the tenant to the access token of a machine client. A client without a tenant gets no token
 * at all: to fail here, where the operator looks, is kinder than a 403 on every call.
 *
 * Tokens of people pass unchanged: they have no tenant, and the API refuses them.
 *
 * @throws Error, the only refusal that Cognito knows, when the client has no usable tenant or the
 *   table cannot be read.
 */
export function createTokenClaimsHandler(deps: TokenClaimsDependencies): TokenClaimsHandler {
  const { tenantOf, tenantClaim, logger } = deps;
  return async (event) => {
    if (event.triggerSource !== 'TokenGeneration_ClientCredentials') return event;
    const { clientId } = event.callerContext;
    const tenant = await tenantOf(clientId);
    if (tenant === undefined || !(tenant === ALL_TENANTS || isId(tenant))) {
      logger.error('token refused: the client has no usable tenant', { clientId, tenant });
      throw new Error(`No tenant is set for client ${clientId}`);
    }
    logger.info('token', { clientId, tenant });
    return {
      ...event,
      response: {
        claimsAndScopeOverrideDetails: {
          accessTokenGeneration: { claimsToAddOrOverride: { [tenantClaim]: tenant } },
        },
      },
    };
  };
}
