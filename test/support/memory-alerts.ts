import type { Alert } from '../../core/alerts/alert';
import type { AlertBus, AlertStore } from '../../core/alerts/ports';

/** Alerts in a map, with the semantics of the stored ones. */
export class MemoryAlertStore implements AlertStore {
  readonly alerts = new Map<string, Alert>();

  create(alert: Alert): Promise<boolean> {
    const isNew = !this.alerts.has(alert.alertId);
    if (isNew) this.alerts.set(alert.alertId, alert);
    return Promise.resolve(isNew);
  }

  count: AlertStore['count'] = (alertId, occurrence, at) =>
    this.change(alertId, (alert) => {
      const { pipeline, runId, stepId, figures, requested, summary } = occurrence;
      const latest = { pipeline, runId, stepId, figures, requested, summary, lastOccurredAt: at };
      return { ...alert, ...latest, count: alert.count + 1 };
    });

  read(alertId: string): Promise<Alert | undefined> {
    return Promise.resolve(this.alerts.get(alertId));
  }

  async markSent(alertId: string, at: string): Promise<void> {
    await this.change(alertId, (alert) => ({ ...alert, sentAt: alert.sentAt ?? at }));
  }

  unsent(limit: number): Promise<readonly string[]> {
    const unsent = [...this.alerts.values()]
      .filter(({ sentAt }) => sentAt === undefined)
      .toSorted((one, other) => (positionOf(one) < positionOf(other) ? -1 : 1));
    return Promise.resolve(unsent.slice(0, limit).map(({ alertId }) => alertId));
  }

  list: AlertStore['list'] = ({ tenant, type, status, after, limit }) => {
    const found = [...this.alerts.values()]
      .filter(
        (alert) =>
          alert.tenant === tenant &&
          (type === undefined || alert.type === type) &&
          (status === undefined || alert.status === status) &&
          (after === undefined || positionOf(alert) < after),
      )
      .toSorted((one, other) => (positionOf(one) > positionOf(other) ? -1 : 1));
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const isMore = found.length > limit && last !== undefined;
    return Promise.resolve(isMore ? { items, next: positionOf(last) } : { items });
  };

  acknowledge: AlertStore['acknowledge'] = (alertId, by, at) =>
    this.change(alertId, (alert) => ({
      ...alert,
      status: 'ACKNOWLEDGED',
      acknowledgedBy: alert.acknowledgedBy ?? by,
      acknowledgedAt: alert.acknowledgedAt ?? at,
    }));

  private change(alertId: string, to: (alert: Alert) => Alert): Promise<Alert | undefined> {
    const alert = this.alerts.get(alertId);
    if (alert === undefined) return Promise.resolve(undefined);
    this.alerts.set(alertId, to(alert));
    return Promise.resolve(to(alert));
  }
}

function positionOf({ occurredAt, alertId }: Alert): string {
  return `${occurredAt}#${alertId}`;
}

/** A bus that remembers what it took, and can be told to be down or not to take some. */
export class RecordingBus implements AlertBus {
  readonly taken: Alert[] = [];
  /** Ids of alerts that it does not take. */
  readonly refused = new Set<string>();
  isDown = false;

  send(alerts: readonly Alert[]): Promise<readonly string[]> {
    if (this.isDown) return Promise.reject(new Error('the bus is down'));
    const taken = alerts.filter(({ alertId }) => !this.refused.has(alertId));
    this.taken.push(...taken);
    return Promise.resolve(taken.map(({ alertId }) => alertId));
  }
}
