import type { FunctionName } from '../../core/contract/functions';
import { routeOf, type HttpRoute } from '../../core/contract/functions';
import type { GuardPorts } from '../../core/guard/ports';
import type { PolicyStore } from '../../core/policy/policy-store';
import { readEnvironment } from '../env';
import { createLogger, type Logger } from '../observability/logger';
import { createGuardPorts } from './guard-ports';

/** What the handler of a route is made from. */
export interface ApiDeps {
  readonly route: HttpRoute;
  readonly tenantClaim: string;
  readonly consoleUrl: string;
  readonly logger: Logger;
  readonly now: () => Date;
  readonly ports: GuardPorts;
}

type GuardedFunction = Extract<
  FunctionName,
  | 'create-run'
  | 'check-step'
  | 'record-usage'
  | 'complete-run'
  | 'read-run'
  | 'read-policy'
  | 'write-policy'
  | 'read-budget'
  | 'list-usage'
>;

/** The composition of one of the API's functions, from its environment. */
export function composeApi(name: GuardedFunction): ApiDeps & { readonly policyStore: PolicyStore } {
  const environment = readEnvironment(name, process.env);
  const route = routeOf(name);
  if (route === undefined) throw new Error(`no route leads to ${name}`);
  const now = (): Date => new Date();
  const logger = createLogger({
    service: name,
    stage: environment.STAGE,
    level: environment.POWERTOOLS_LOG_LEVEL,
    now,
  });
  const { policyStore, ...ports } = createGuardPorts(environment, logger);
  return {
    route,
    tenantClaim: environment.TENANT_CLAIM,
    consoleUrl: environment.CONSOLE_URL,
    logger,
    now,
    ports,
    policyStore,
  };
}
