import type { Alert } from './alert';
import type { AlertPorts } from './ports';
import { sendAlerts } from './raise-alert';

/** Whoever stored an alert sends it at once; only after this long is it taken to be forgotten. */
const GRACE_MS = 10_000;
const AT_A_TIME = 10;

/**
 * Send what a crash left in the outbox.
 * @returns how many alerts were sent
 */
export async function sendUnsent(ports: AlertPorts, limit: number): Promise<number> {
  const alerts: Alert[] = [];
  for (const alertId of await ports.store.unsent(limit)) {
    const alert = await ports.store.read(alertId);
    const isForgotten =
      alert !== undefined &&
      alert.sentAt === undefined &&
      Date.parse(alert.occurredAt) <= ports.nowMs() - GRACE_MS;
    if (isForgotten) alerts.push(alert);
  }
  let sent = 0;
  for (let start = 0; start < alerts.length; start += AT_A_TIME) {
    sent += await sendAlerts(ports, alerts.slice(start, start + AT_A_TIME));
  }
  return sent;
}
