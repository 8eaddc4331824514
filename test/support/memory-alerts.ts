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
    this.change(alertId, (alert) => ({
      ...alert,
      ...occurrence,
      count: alert.count + 1,
      lastOccurredAt: at,
    }));

  read(alertId: string): Promise<Alert | undefined> {
    return Promise.resolve(this.alerts.get(alertId));
  }

  async markSent(alertId: string, at: string): Promise<void> {
    await this.change(alertId, (alert) => ({ ...alert, sentAt: alert.sentAt ?? at }));
  }

  unsent(limit: number): Promise<readonly string[]> {
    const ids = [...this.alerts.values()].filter(({ sentAt }) => sentAt === undefined);
    return Promise.resolve(ids.slice(0, limit).map(({ alertId }) => alertId));
  }

  list: AlertStore['list'] = ({ tenant, limit }) => {
    const items = [...this.alerts.values()].filter((alert) => alert.tenant === tenant);
    return Promise.resolve({ items: items.slice(0, limit) });
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

/** A bus that remembers what it took, and can be told to be down. */
export class RecordingBus implements AlertBus {
  readonly taken: Alert[] = [];
  isDown = false;

  send(alerts: readonly Alert[]): Promise<readonly string[]> {
    if (this.isDown) return Promise.reject(new Error('the bus is down'));
    this.taken.push(...alerts);
    return Promise.resolve(alerts.map(({ alertId }) => alertId));
  }
}
