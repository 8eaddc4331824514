import { monthOf } from '../../core/guard/calendar';
import { viewOf } from '../../core/guard/record-usage';
import { usageBody } from '../answers/usage';
import type { ApiDeps } from '../composition/api';
import { createApiHandler, type HttpHandler } from '../http/api-handler';
import { tenantFor } from '../http/caller';
import { invalidRequest } from '../http/problem';
import { json } from '../http/reply';
import { usageQuery } from '../schemas/billing';

const PAGE_SIZE = 100;

/** What a cursor says once it is decoded: the date, run and step of the last record shown. */
const POSITION =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z#[A-Za-z0-9._-]{1,64}#[A-Za-z0-9._-]{1,64}$/;

/** GET /billing/usage */
export function createListUsageHandler(deps: ApiDeps): HttpHandler {
  return createApiHandler({
    ...deps,
    schemas: { query: usageQuery },
    handle: async ({ query, caller, now }) => {
      const choice = tenantFor(caller, query.tenant, 'query/tenant');
      if (choice.kind === 'refused') return choice.reply;
      const after = query.cursor === undefined ? undefined : decode(query.cursor);
      if (after !== undefined && !POSITION.test(after)) {
        return invalidRequest([{ path: 'query/cursor', message: 'is not one that was answered' }]);
      }
      const { items, next } = await deps.ports.reader.usageOfMonth({
        tenant: choice.tenant,
        month: query.month ?? monthOf(now.getTime()),
        limit: PAGE_SIZE,
        ...(after === undefined ? {} : { after }),
      });
      return json(200, {
        items: items.map((item) => usageBody(viewOf(item))),
        ...(next === undefined ? {} : { nextCursor: encode(next) }),
      });
    },
  });
}

function encode(position: string): string {
  return Buffer.from(position, 'utf8').toString('base64url');
}

function decode(cursor: string): string {
  return Buffer.from(cursor, 'base64url').toString('utf8');
}
