import type { Alert, AlertStatus, AlertType, Occurrence } from './alert';

export interface AlertPage {
  readonly items: readonly Alert[];
  readonly next?: string;
}

/** Where alerts are kept: the outbox of what is sent, and what people see. */
export interface AlertStore {
  /** @returns false when the alert is there already; nothing is changed then */
  create(alert: Alert): Promise<boolean>;
  /** Count one more, with the particulars of this time. @returns undefined if there is no such alert */
  count(alertId: string, occurrence: Occurrence, at: string): Promise<Alert | undefined>;
  read(alertId: string): Promise<Alert | undefined>;
  markSent(alertId: string, at: string): Promise<void>;
  /** Ids of alerts that no bus has taken yet, oldest first. */
  unsent(limit: number): Promise<readonly string[]>;
  /** Newest first. */
  list(request: {
    readonly tenant: string;
    readonly type?: AlertType | undefined;
    readonly status?: AlertStatus | undefined;
    readonly after?: string | undefined;
    readonly limit: number;
  }): Promise<AlertPage>;
  /** @returns the alert as it is then; acknowledging twice changes nothing */
  acknowledge(alertId: string, by: string, at: string): Promise<Alert | undefined>;
}

/** Takes alerts to whoever is to be told. */
export interface AlertBus {
  /** @returns the ids of those that were taken; the others may be tried again */
  send(alerts: readonly Alert[]): Promise<readonly string[]>;
}

export interface AlertPorts {
  readonly store: AlertStore;
  readonly bus: AlertBus;
  readonly nowMs: () => number;
  readonly digest: (text: string) => string;
  /** Alerts that this process has created or counted: a hint that saves a write, nothing more. */
  readonly known: Set<string>;
  /** An alert that cannot be stored or sent must not change a decision; it is told here. */
  readonly onFault: (what: string, fault: unknown) => void;
}
