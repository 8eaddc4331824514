import * as v from 'valibot';
import { ALERT_TYPES, type AlertStatus, type AlertType } from '../../core/alerts/alert';
import type { Schema } from '../http/request-input';
import { cursor, id, object, oneOf, text } from './fields';

export interface AlertsQuery {
  readonly tenant?: string | undefined;
  readonly type?: AlertType | undefined;
  readonly status?: AlertStatus | undefined;
  readonly cursor?: string | undefined;
}

export const alertsQuery: Schema<AlertsQuery> = object({
  tenant: v.optional(id),
  type: v.optional(oneOf(...ALERT_TYPES)),
  status: v.optional(oneOf('OPEN', 'ACKNOWLEDGED')),
  cursor: v.optional(cursor),
});

export const alertPath: Schema<{ readonly alertId: string }> = object({
  alertId: text(/^[A-Za-z0-9_-]{1,64}$/, 'must be the id of an alert'),
});
