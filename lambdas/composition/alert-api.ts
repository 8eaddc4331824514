import { routeOf } from '../../core/contract/functions';
import type { AlertStore } from '../../core/alerts/ports';
import { createAlertStore } from '../adapters/dynamodb/alert-store';
import { createDynamoClients } from '../adapters/dynamodb/client';
import { readEnvironment } from '../env';
import { createLogger } from '../observability/logger';
import type { ApiDeps } from './api';

/** What the handlers of alerts are made from: they touch no money. */
export type AlertApiDeps = Omit<ApiDeps, 'ports' | 'consoleUrl'>;

/** The composition of the functions that show alerts, from their environment. */
export function composeAlertApi(
  name: 'list-alerts' | 'acknowledge-alert',
): AlertApiDeps & { readonly store: AlertStore } {
  const environment = readEnvironment(name, process.env);
  const now = (): Date => new Date();
  return {
    route: routeOf(name)!,
    tenantClaim: environment.TENANT_CLAIM,
    logger: createLogger({
      service: name,
      stage: environment.STAGE,
      level: environment.POWERTOOLS_LOG_LEVEL,
      now,
    }),
    now,
    store: createAlertStore(createDynamoClients(), environment.CONTROL_TABLE),
  };
}
