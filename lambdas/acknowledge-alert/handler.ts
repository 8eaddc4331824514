import type { AlertStore } from '../../core/alerts/ports';
import { alertBody } from '../answers/alert';
import type { AlertApiDeps } from '../composition/alert-api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { ALL_TENANTS } from '../http/caller';
import { problem } from '../http/problem';
import { json } from '../http/reply';
import { alertPath } from '../schemas/alerts';

/** POST /alerts/{alertId}/ack */
export function createAcknowledgeAlertHandler(
  deps: AlertApiDeps & { readonly store: Pick<AlertStore, 'read' | 'acknowledge'> },
): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { path: alertPath },
    handle: async ({ path: { alertId }, caller, now }) => {
      const alert = await deps.store.read(alertId);
      const isSeen =
        alert !== undefined && (caller.tenant === ALL_TENANTS || caller.tenant === alert.tenant);
      if (!isSeen) return problem('NOT_FOUND', 'There is no such alert.');
      const by = caller.subject;
      const acknowledged = await deps.store.acknowledge(alertId, by, now.toISOString());
      return json(200, alertBody(acknowledged ?? alert));
    },
  });
}
