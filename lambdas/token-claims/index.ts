import { createDynamoClients } from '../adapters/dynamodb/client';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import { createClientTenants } from './client-tenants';
import { createTokenClaimsHandler } from './handler';

const environment = readEnvironment('token-claims', process.env);

export const handler = createTokenClaimsHandler({
  tenantOf: createClientTenants(createDynamoClients(), environment.CONTROL_TABLE),
  tenantClaim: environment.TENANT_CLAIM,
  logger: createLogger({
    service: 'token-claims',
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now: () => new Date(),
  }),
});
