import * as v from 'valibot';
import type { Schema } from '../http/request-input';
import { cursor, id, month, object } from './fields';

export const tenantPath: Schema<{ readonly tenant: string }> = object({ tenant: id });

export const monthQuery: Schema<{ readonly month?: string | undefined }> = object({
  month: v.optional(month),
});

export interface UsageQuery {
  readonly tenant?: string | undefined;
  /** `YYYY-MM`; default: the current month. */
  readonly month?: string | undefined;
  readonly cursor?: string | undefined;
}

export const usageQuery: Schema<UsageQuery> = object({
  tenant: v.optional(id),
  month: v.optional(month),
  cursor: v.optional(cursor),
});
