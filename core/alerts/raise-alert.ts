import type { Alert, Occurrence } from './alert';
import type { AlertPorts } from './ports';

/** An alarm looks for this text in the logs. */
const NOT_SENT = 'alerts could not be sent';

const ID_CHARACTERS = 20;
const MAX_KNOWN = 10_000;

export function alertIdOf({ digest }: Pick<AlertPorts, 'digest'>, occurrence: Occurrence): string {
  const { tenant, type, month, condition } = occurrence;
  return `al_${digest([tenant, type, month, condition].join('\n')).slice(0, ID_CHARACTERS)}`;
}

/**
 * Say that something happened. The first time of a condition is stored, then sent; each further
 * time adds to the count. Never throws: a decision stands whether or not anybody hears of it.
 */
export async function raiseAlert(ports: AlertPorts, occurrence: Occurrence): Promise<void> {
  try {
    const alertId = alertIdOf(ports, occurrence);
    const at = new Date(ports.nowMs()).toISOString();
    if (ports.known.has(alertId)) {
      const counted = await ports.store.count(alertId, occurrence, at);
      if (counted !== undefined) return;
    }
    const alert = newAlert(alertId, occurrence, at);
    const isNew = await ports.store.create(alert);
    know(ports, alertId);
    if (isNew) await sendAlerts(ports, [alert]);
    else await ports.store.count(alertId, occurrence, at);
  } catch (fault) {
    ports.onFault('an alert could not be stored', fault);
  }
}

/** Like raiseAlert for a condition that is true or not and is not counted: stored and sent once. */
export async function ensureAlert(ports: AlertPorts, occurrence: Occurrence): Promise<void> {
  try {
    const alertId = alertIdOf(ports, occurrence);
    if (ports.known.has(alertId)) return;
    const alert = newAlert(alertId, occurrence, new Date(ports.nowMs()).toISOString());
    const isNew = await ports.store.create(alert);
    know(ports, alertId);
    if (isNew) await sendAlerts(ports, [alert]);
  } catch (fault) {
    ports.onFault('an alert could not be stored', fault);
  }
}

/**
 * Send what is stored, and mark what was taken. What fails stays in the outbox. Never throws.
 * @returns how many the bus took
 */
export async function sendAlerts(ports: AlertPorts, alerts: readonly Alert[]): Promise<number> {
  try {
    const taken = await ports.bus.send(alerts);
    for (const alertId of taken) await markSent(ports, alertId);
    const refused = alerts.length - taken.length;
    if (refused > 0) ports.onFault(NOT_SENT, new Error(`the bus refused ${refused} of them`));
    return taken.length;
  } catch (fault) {
    ports.onFault(NOT_SENT, fault);
    return 0;
  }
}

/** One that cannot be marked is sent again; it must not take the others with it. */
async function markSent({ store, nowMs, onFault }: AlertPorts, alertId: string): Promise<void> {
  try {
    await store.markSent(alertId, new Date(nowMs()).toISOString());
  } catch (fault) {
    onFault('an alert that was sent could not be marked as sent', fault);
  }
}

function newAlert(alertId: string, occurrence: Occurrence, at: string): Alert {
  return { ...occurrence, alertId, status: 'OPEN', count: 1, occurredAt: at, lastOccurredAt: at };
}

function know({ known }: AlertPorts, alertId: string): void {
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(alertId);
}
