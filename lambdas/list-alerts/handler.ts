import type { AlertStore } from '../../core/alerts/ports';
import { alertBody } from '../answers/alert';
import type { AlertApiDeps } from '../composition/alert-api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { invalidRequest } from '../http/problem';
import { json } from '../http/reply';
import { alertsQuery } from '../schemas/alerts';

const PAGE_SIZE = 50;

/** What a cursor says once it is decoded: when the last alert shown first occurred, and its id. */
const POSITION = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[A-Za-z0-9_-]{1,64}$/;

/** GET /alerts */
export function createListAlertsHandler(
  deps: AlertApiDeps & { readonly store: Pick<AlertStore, 'list'> },
): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { query: alertsQuery },
    handle: async ({ query, caller }) => {
      const choice = tenantFor(caller, query.tenant, 'query/tenant');
      if (choice.kind === 'refused') return choice.reply;
      const { type, status, cursor } = query;
      const after = cursor === undefined ? undefined : Buffer.from(cursor, 'base64url').toString();
      if (after !== undefined && !POSITION.test(after)) {
        return invalidRequest([{ path: 'query/cursor', message: 'is not one that was answered' }]);
      }
      const { tenant } = choice;
      const page = await deps.store.list({ tenant, type, status, after, limit: PAGE_SIZE });
      const items = page.items.map(alertBody);
      if (page.next === undefined) return json(200, { items });
      return json(200, { items, nextCursor: Buffer.from(page.next).toString('base64url') });
    },
  });
}
